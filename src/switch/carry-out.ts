import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import type { CommandInput, Io } from '../command.js';
import { exitCodes } from '../error.js';
import type { Run } from '../model.js';
import type { Output } from '../output.js';
import type { Progress } from '../progress.js';
import { askKeep } from './ask-keep.js';
import { buildSystem, copySystem, runDeployer } from './build-system.js';
import { endByHand } from './by-hand.js';
import { conclude, exitCodeOfSwitch } from './conclude.js';
import { describeDryRun } from './dry-run.js';
import { type Machine, RemoteMachine } from './machine.js';
import { performSwitch } from './perform.js';
import { type Before, describeBefore, type SwitchPlan } from './plan.js';
import type { PreparedSwitch } from './prepare-switch.js';
import { Record } from './record.js';
import { findRefusals, needsReboot, throwRefusals } from './refuse.js';
import type { ByHandAction } from './request.js';
import { judgeStaging, type StagingVerdict } from './staging.js';
import type { TargetState } from './state.js';
import { listWatched, Watch } from './watch.js';

export function showDryRun(switching: PreparedSwitch, { options }: Pick<CommandInput, 'options'>): string {
  const { one, source, sshConfig } = switching;
  const plan = planSwitch(switching, { options: {} }, { reboot: options.reboot === true });
  return describeDryRun({ target: one.target, source, plan, ...(sshConfig !== undefined && { sshConfig }) });
}

export async function endOne(
  action: ByHandAction,
  machine: Machine & { close(): Promise<void> },
  progress: Progress,
  io: Io,
): Promise<number> {
  const record = new Record(machine.name, { show: (text) => progress.show(machine.name, text), say: progress.say });
  try {
    return await endByHand(action, machine, record, io.signal, (text) => {
      progress.stop();
      io.out(text);
    });
  } finally {
    await machine.close();
  }
}

/** One switch, from the new system to the report. @throws NixspecError where nothing was touched */
export async function carryOut(
  switching: PreparedSwitch,
  outputs: readonly Output[],
  input: CommandInput,
  progress: Progress,
  io: Io,
): Promise<number> {
  const { one, history } = switching;
  setMaxListeners(0, io.signal);
  const { name } = one.target;
  const record = new Record(name, { show: (text) => progress.show(name, text), say: progress.say });
  const machine = new RemoteMachine(switching.reaching);
  const watch = new Watch();
  try {
    const found = await findNext(switching, machine, input, record, io);
    if (found.state.next?.isCurrent && found.state.next.isProfile) {
      record.say(`${found.next} runs already, and is the profile: nothing to switch${describePending(found.state)}`);
      return exitCodes.passed;
    }
    const before = await lookBefore(found.state, machine, record, io.signal);
    // Not that of Ctrl-C: how long a rollback takes is of interest too.
    await startWatch(watch, switching, record, new AbortController().signal);
    const staging = found.staging.status === 'passed' ? found.staging.run : undefined;
    const confirm = (settled: Run, signal: AbortSignal) => askKeep(before.run, settled, staging, signal, progress, io);
    const plan = { ...planSwitch(switching, input, found), ...(input.options.confirm === true && { confirm }) };
    const done = await performSwitch(plan, before, machine, watch, record, io.signal);
    progress.stop();
    await conclude(done, { before: before.run, record, history, outputs, ...(staging && { staging }) }, input, io);
    return exitCodeOfSwitch(done);
  } finally {
    await watch.stop();
    await machine.close();
  }
}

interface Found {
  readonly state: TargetState;
  readonly staging: StagingVerdict;
  readonly next?: string;
  /** It needs a reboot, and may have one. */
  readonly reboot: boolean;
}

/** Builds, asks the target, refuses, and copies, in this order: what is refused costs no copying. */
async function findNext(
  switching: PreparedSwitch,
  machine: Machine,
  { options }: CommandInput,
  record: Record,
  io: Io,
): Promise<Found> {
  const { source, one, folder, sshConfig } = switching;
  const { target } = one;
  const nix = { target: target.name, folder, signal: io.signal, show: (stage: string) => record.show(stage) };
  // A target that cannot be switched is known before a build of minutes.
  const refuse = (state: TargetState, verdict: StagingVerdict) =>
    throwRefusals(
      target.name,
      findRefusals({
        ...{ target: target.name, state, staging: verdict },
        options: {
          withoutStaging: options.withoutStaging === true,
          reboot: options.reboot === true,
          wrapped: source.kind === 'command',
        },
      }),
    );
  refuse(await machine.inspect(io.signal), { status: 'none' });
  const next =
    source.kind === 'flake'
      ? await buildSystem(source.reference, nix)
      : source.kind === 'closure'
        ? source.path
        : undefined;
  const staging = judge(switching, next);
  let state = await machine.inspect(io.signal, next);
  const isAway = state.next?.status === 'missing' || state.next?.status === 'invalid';
  if (isAway && next !== undefined && existsSync(next)) {
    refuse({ ...state, next: { ...state.next, status: 'whole' } } as TargetState, staging);
    await record.step(
      'copy',
      () => copySystem(next, target, sshConfig, nix),
      () => `copied ${next}`,
    );
    state = await machine.inspect(io.signal, next);
  }
  refuse(state, staging);
  if (staging.status === 'none') record.say('the spec has no staging target, so that nothing was tried before');
  if (staging.status === 'passed') for (const note of staging.notes) record.note(note);
  const reboot = options.reboot === true && state.next !== undefined && needsReboot(state.next);
  tellOfReboot(state, options.reboot === true, record);
  return { state, staging, reboot, ...(next !== undefined && { next }) };
}

/** What is to be known of a reboot, with and without one. */
function tellOfReboot({ next, rebootPending }: TargetState, mayReboot: boolean, record: Record): void {
  if (!next || next.isCurrent) return;
  const parts = next.reboot.join(', ');
  if (!mayReboot) {
    const what = `the new ${parts} ${next.reboot.length > 1 ? 'take' : 'takes'} effect with the next reboot only`;
    if (parts !== '') record.note(`${what}; --reboot makes it part of the switch`);
    return;
  }
  if (!needsReboot(next)) {
    record.say('nothing in it needs a reboot: it is switched to without one');
    return;
  }
  const why = [parts && `new: ${parts}`, next.inhibitors.length > 0 && `not without: ${next.inhibitors.join(', ')}`];
  record.say(`it is switched to by a reboot (${why.filter(Boolean).join('; ')})`);
  if (rebootPending)
    record.note('what runs now has another kernel than what was booted: whether it boots, nobody knows yet');
}

function describePending({ next }: TargetState): string {
  if (!next || next.reboot.length === 0) return '';
  return `; its ${next.reboot.join(', ')} will take effect with the next reboot`;
}

function judge({ staging, stagingRuns }: PreparedSwitch, next: string | undefined): StagingVerdict {
  return judgeStaging({
    ...(staging && { staging: staging.name }),
    runs: stagingRuns,
    ...(next !== undefined && { next }),
    now: new Date(),
  });
}

async function lookBefore(state: TargetState, machine: Machine, record: Record, signal: AbortSignal): Promise<Before> {
  const run = await record.step('verify before', () => machine.verify('before', signal), describeBefore);
  return { run, units: await machine.units(signal), state };
}

async function startWatch(watch: Watch, switching: PreparedSwitch, record: Record, signal: AbortSignal): Promise<void> {
  const { prepared, one } = switching;
  const { runnerNetwork } = await import('../network.js');
  const host = await findHost(switching, signal);
  const watched = listWatched({
    ...{ plan: one.plan, resources: prepared.resources, matchers: prepared.matchers, network: runnerNetwork() },
    ...(prepared.masker && { masker: prepared.masker }),
    ...(host !== undefined && { host }),
    signal,
  });
  await record.step(
    'look from outside',
    () => watch.start(watched, signal),
    () => undefined,
  );
}

/** Where ports are knocked at; nowhere, where the target is behind another machine. */
async function findHost({ one, sshConfig }: PreparedSwitch, signal: AbortSignal): Promise<string | undefined> {
  const { target } = one;
  if (target.local) return '127.0.0.1';
  const { askAboutTarget, resolveSshConfig } = await import('../ssh/config.js');
  const options = { notice: () => {}, signal, ...(sshConfig !== undefined && { sshConfig }) };
  const config = await resolveSshConfig(askAboutTarget(target, options));
  return config.jump === undefined && !config.resolved?.get('proxycommand')?.some((one) => one !== 'none')
    ? config.host
    : undefined;
}

function planSwitch(
  switching: PreparedSwitch,
  { options }: Pick<CommandInput, 'options'>,
  { next, reboot }: Pick<Found, 'next' | 'reboot'>,
): SwitchPlan {
  const { id, runner, spec, one, source, times, allowed } = switching;
  return {
    ...{ id, runner, target: one.target.name, spec, snapshots: one.state ?? [], ...times, allowed, reboot },
    ...(next !== undefined && { next }),
    ...(source.kind === 'command' && { deploy: (signal: AbortSignal) => runDeployer(source.words, signal) }),
    rollback: options.rollback !== false,
  };
}
