import type { CommandInput, Io } from './command.js';
import type { Connections } from './connections.js';
import { NixspecError } from './error.js';
import { findLatest, type History, loadRun, saveRun } from './history.js';
import type { Masker } from './mask/masker.js';
import type { Comparison, Run, Target } from './model.js';
import type { Prepared, PreparedSpec } from './prepare.js';
import { describeProgress, type Progress } from './progress.js';
import { performRun } from './run.js';
import type { Transport } from './transport.js';

/** What came of several targets: one that cannot be reached does not hold up the others. */
export interface Verified {
  readonly runs: readonly Run[];
  readonly failures: readonly unknown[];
}

/** Runs the assertions on all targets, side by side. */
export async function runTargets(
  prepared: PreparedSpec,
  connections: Connections,
  progress: Progress,
  io: Io,
  { inventory }: { readonly inventory: boolean },
): Promise<Verified> {
  const settled = await Promise.allSettled(
    prepared.runs.map(async ({ target, plan }) => {
      const transport = await connections.get(target);
      return runTarget(prepared, { target, plan }, transport, progress, io, { inventory });
    }),
  );
  return {
    runs: settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failures: settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])),
  };
}

/** Runs the assertions on one target. @param stage which part of a rehearsal it is to see */
export async function runTarget(
  { resources, matchers, masker }: Pick<PreparedSpec, 'resources' | 'matchers' | 'masker'>,
  { target, plan }: Prepared,
  transport: Transport,
  progress: Progress,
  io: Io,
  { inventory, stage }: { readonly inventory: boolean; readonly stage?: string },
): Promise<Run> {
  const { runnerNetwork, targetNetwork } = await import('./network.js');
  const standsIn = target.vm !== undefined;
  return performRun({
    target,
    plan,
    resources,
    matchers,
    ends: {
      transport,
      runner: runnerNetwork(standsIn),
      target: targetNetwork(transport, standsIn),
      from: target.from,
    },
    signal: io.signal,
    ...(masker && { masker }),
    inventory,
    ...(stage !== undefined && { stage }),
    progress: (state) => progress.show(target.name, describeProgress(state)),
  });
}

/**
 * The run that each run is to be compared with: the last one of `compare-with` (which may be a target of this very
 * command), or what `--compare-with` names. Looked up before anything is saved, so that no run is its own baseline.
 */
export async function findBaselines(
  runs: readonly Run[],
  targets: readonly Target[],
  options: CommandInput['options'],
  history: History,
  progress: Progress,
): Promise<ReadonlyMap<string, Run>> {
  const asked = typeof options.compareWith === 'string' ? options.compareWith : undefined;
  const baselines = new Map<string, Run>();
  if (asked === 'none') return baselines;
  for (const run of runs) {
    const name = asked ?? targets.find((target) => target.name === run.target)?.compareWith;
    if (name === undefined) continue;
    const beside = runs.find((other) => other !== run && other.target === name);
    const found = beside ?? (asked === undefined ? await findLatest(history, name) : await loadRun(history, name));
    if (found) baselines.set(run.id, found);
    else progress.say(`${run.target}: there is no run of ${name} yet to compare with`);
  }
  return baselines;
}

/**
 * For each run the one before it of the same target: what has changed on the host since then, a comparison with another
 * target cannot tell. None where the user chose what to compare with. An earlier run that cannot be read is as good as none.
 */
export async function findPrevious(
  runs: readonly Run[],
  baselines: ReadonlyMap<string, Run>,
  options: CommandInput['options'],
  history: History,
): Promise<ReadonlyMap<string, Run>> {
  const previous = new Map<string, Run>();
  if (options.compareWith !== undefined) return previous;
  for (const run of runs) {
    if (run.inventory === undefined || baselines.get(run.id)?.target === run.target) continue;
    const found = await findLatest(history, run.target).catch(() => undefined);
    if (found?.inventory !== undefined) previous.set(run.id, found);
  }
  return previous;
}

/** Saves the runs side by side. */
export async function saveRuns(runs: readonly Run[], history: History): Promise<void> {
  await Promise.all(runs.map((run) => saveRun(history, run)));
}

/**
 * Compares each run with its baseline, and its inventory with that of the run before it.
 * @param partial only some entries were chosen: what the baseline has beside them was not removed
 * @param masker a baseline may have been saved before one of its values was called a secret
 */
export async function compareAll(
  runs: readonly Run[],
  baselines: ReadonlyMap<string, Run>,
  previous: ReadonlyMap<string, Run>,
  partial: boolean,
  masker?: Masker,
): Promise<Comparison[]> {
  const { compareRuns, compareHosts } = await import('./diff.js');
  const asked = runs.flatMap((run) => {
    const before = baselines.get(run.id);
    if (!before) return [];
    const comparison = compareRuns(masker?.run(before) ?? before, run);
    const { changes } = comparison;
    return [{ ...comparison, changes: partial ? changes.filter(({ kind }) => kind !== 'removed') : changes }];
  });
  const hosts = runs.flatMap((run) => {
    const before = previous.get(run.id);
    return before ? [compareHosts(masker?.run(before) ?? before, run)] : [];
  });
  return [...asked, ...hosts];
}

/** Throws the failure that tells most: nixspec's own defect, then whatever came first. */
export function throwFirst(failures: readonly unknown[]): void {
  const [first] = failures;
  if (first === undefined) return;
  throw failures.find((failure) => !(failure instanceof NixspecError)) ?? first;
}
