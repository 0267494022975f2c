import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { CommandInput, Io } from '../command.js';
import { NixspecError } from '../error.js';
import { type History, listRuns, openHistory } from '../history.js';
import type { Run, Target } from '../model.js';
import { chooseTargets, type Prepared, type PreparedSpec, prepareSpec, readDraft } from '../prepare.js';
import type { Progress } from '../progress.js';
import { type Reaching, RemoteMachine } from './machine.js';
import { reachTarget } from './reach.js';
import { readAllowed, readTimes, refuseReboot, type SwitchTimes } from './request.js';
import { chooseSource, type SystemSource } from './source.js';
import { findStaging } from './staging.js';

/** All that is known before anybody is asked anything. */
export interface PreparedSwitch {
  readonly id: string;
  /** `user@laptop`, for those who find the switch armed. */
  readonly runner: string;
  /** The spec's file, and its folder, absolute: what relative references mean. */
  readonly spec: string;
  readonly folder: string;
  readonly prepared: PreparedSpec;
  readonly one: Prepared;
  readonly reaching: Reaching;
  readonly source: SystemSource;
  readonly times: SwitchTimes;
  readonly allowed: readonly string[];
  readonly history: History;
  readonly staging?: Target;
  /** Runs of `verify` of the staging target, oldest first. */
  readonly stagingRuns: readonly Run[];
  readonly sshConfig?: string;
}

/** @throws NixspecError `usage`, `spec-invalid` */
export async function prepareSwitch(
  name: string,
  input: CommandInput,
  progress: Progress,
  io: Io,
): Promise<PreparedSwitch> {
  const draft = await readDraft(input, io);
  const target = chooseOne(draft, name);
  const staging = findStaging(target, draft.targets);
  const source = await chooseSource(input, staging);
  refuseReboot(input, { wrapped: source.kind === 'command', local: target.local === true });
  const times = readTimes(input, source.kind === 'command');
  const prepared = await prepareSpec(draft, [target], [], io);
  const [one] = prepared.runs;
  if (!one) throw new TypeError('one target was prepared');
  const history = openHistory(draft.folder, input.options.history);
  const { sshConfig } = input.options;
  return {
    id: `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}-${randomBytes(4).toString('hex')}`,
    runner: `${userInfo().username}@${hostname()}`,
    ...{ spec: draft.file, folder: resolve(draft.folder), prepared, one, source, times, history },
    reaching: reachTarget(prepared, one, input, progress, io),
    allowed: readAllowed(input, isAmong(one)),
    ...(staging && { staging }),
    stagingRuns: staging ? await listStaging(staging, history) : [],
    ...(typeof sshConfig === 'string' && { sshConfig }),
  };
}

/** Only what it takes to reach the target: the rest of the spec may be wrong by now. */
export async function prepareByHand(name: string, input: CommandInput, progress: Progress, io: Io) {
  const draft = await readDraft(input, io);
  const target = chooseOne(draft, name);
  const [resources, matchers] = [new Map(), new Map()];
  const one: Prepared = { target, plan: { assertions: [], queries: [] } };
  return new RemoteMachine(reachTarget({ runs: [one], resources, matchers }, one, input, progress, io));
}

function chooseOne(draft: Parameters<typeof chooseTargets>[0], name: string): Target {
  const [target] = chooseTargets(draft, [name]);
  if (!target) throw new TypeError('one target was chosen');
  if (!target.vm) return target;
  throw new NixspecError('usage', `${name} is a staging VM: it is built anew, not switched`, {
    operation: 'switch',
    hint: `\`nixspec verify ${name}\` verifies it, \`nixspec rehearse\` tries the switch itself`,
  });
}

/** Names of assertions, units, and the activation. */
function isAmong({ plan }: Prepared): (id: string) => boolean {
  const ids = new Set(plan.assertions.map(({ id }) => id));
  return (id) => ids.has(id) || id === 'activation' || /^unit \S+\.[a-z]+$/.test(id);
}

async function listStaging({ name }: Target, history: History): Promise<readonly Run[]> {
  const { runs } = await listRuns(history);
  return runs.filter((run) => run.target === name && run.stage === undefined);
}
