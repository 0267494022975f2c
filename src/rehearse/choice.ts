import { resolve } from 'node:path';
import type { CommandInput } from '../command.js';
import { NixspecError } from '../error.js';
import type { Run, Target } from '../model.js';
import { chooseTargets, type Draft, type Prepared, type PreparedSpec, textList } from '../prepare.js';
import type { Transport } from '../transport.js';
import { readDuration } from '../value.js';
import { checkVm } from '../vm/check.js';
import type { VmSettings } from '../vm/settings.js';
import { readWanted, type WantedSpecialisation } from './builds.js';
import { type RehearsalInput, ways } from './rehearsal.js';

/** What the command line and the spec say about a rehearsal. */
export interface Choice {
  readonly target: Target;
  /** All whose assertions are needed. */
  readonly targets: readonly Target[];
  readonly settings: VmSettings;
  /** The new configuration, as the spec names it. */
  readonly to: string;
  readonly from?: string;
  readonly production?: Target;
  readonly by: RehearsalInput['by'];
  readonly limit: number | undefined;
  readonly specialisations: readonly WantedSpecialisation[];
  verifier(prepared: PreparedSpec, run: RunOne): RehearsalInput['verify'];
}

type RunOne = (one: Prepared, transport: Transport, stage: string) => Promise<Run>;

/** @throws NixspecError `usage` */
export async function chooseRehearsal(draft: Draft, { args, options }: CommandInput): Promise<Choice> {
  const [target] = chooseTargets(draft, args.slice(0, 1));
  if (!target?.vm) throw noVm(draft, args[0] ?? '');
  const { from, by } = options;
  const production = typeof from === 'string' ? undefined : chooseProduction(draft, target, options.production);
  const specialisations = readWanted(textList(options.specialisation));
  const others = chooseTargets(
    draft,
    specialisations.flatMap((one) => one.target ?? []),
  );
  const settings = await checkVm(target, resolve(draft.folder));
  return {
    target,
    targets: [target, ...others.filter(({ name }) => name !== target.name)],
    settings,
    to: settings.command ?? settings.file ?? settings.flake ?? '.',
    ...(typeof from === 'string' && { from }),
    ...(production && { production }),
    by: ways.find((way) => way === by) ?? 'both',
    limit: readLimit(options.switchTimeout),
    specialisations,
    verifier:
      ({ runs }, run) =>
      (stage, transport, as) => {
        const plan = runs.find((one) => one.target.name === (as ?? target.name))?.plan;
        if (!plan) throw new TypeError(`${as ?? target.name} was not prepared`);
        // The assertions may be another target's; the machine is this one's.
        return run({ target, plan }, transport, stage);
      },
  };
}

/** Who is named, else who is compared with the VM, else the only one that is no VM. */
function chooseProduction(draft: Draft, target: Target, named: CommandInput['options'][string]): Target | undefined {
  if (typeof named === 'string') {
    const [chosen] = chooseTargets(draft, [named]);
    if (chosen && !chosen.vm) return chosen;
    throw new NixspecError('usage', `${named} is a VM: it cannot tell what is deployed`, {
      operation: 'choose targets',
      hint: 'name a target that is reached by SSH',
    });
  }
  const real = [...draft.targets.values()].filter(({ vm }) => !vm);
  const compared = real.filter(({ compareWith }) => compareWith === target.name);
  const [one, ...more] = compared.length > 0 ? compared : real;
  if (more.length === 0) return one;
  const names = [one, ...more].flatMap((each) => each?.name ?? []).join(', ');
  throw new NixspecError('usage', `several targets could tell what is deployed: ${names}`, {
    operation: 'choose targets',
    hint: 'say which with --production, or name what is deployed with --from',
  });
}

function readLimit(given: CommandInput['options'][string]): number | undefined {
  if (typeof given !== 'string') return undefined;
  try {
    const seconds = readDuration({ value: /^[0-9.]+$/.test(given) ? Number(given) : given });
    if (seconds > 0) return seconds;
  } catch {}
  throw new NixspecError('usage', `--switch-timeout takes a duration such as 90s or 10m, not "${given}"`, {
    operation: 'read options',
  });
}

function noVm({ file, targets }: Draft, name: string): NixspecError {
  const names = [...targets.values()].filter(({ vm }) => vm).map((target) => target.name);
  const there = names.length === 0 ? `${file} has no target with \`vm:\`` : `those that have: ${names.join(', ')}`;
  return new NixspecError('usage', `${name} is no VM: it has no \`vm:\``, { operation: 'choose targets', hint: there });
}
