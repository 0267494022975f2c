import type { CommandInput, Io } from '../command.js';
import { compareRuns } from '../diff.js';
import { exitCodes, NixspecError } from '../error.js';
import { type History, saveRun } from '../history.js';
import type { Comparison, Run } from '../model.js';
import { type Output, writeReports } from '../output.js';
import type { Switch } from '../switch-model.js';
import type { Record } from './record.js';

/** The stable exit codes of a switch. */
export function exitCodeOfSwitch({ ended }: Pick<Switch, 'ended'>): number {
  const codes = {
    kept: exitCodes.passed,
    'rolled-back': exitCodes.rolledBack,
    'not-restored': exitCodes.notRestored,
    left: exitCodes.failed,
    unchanged: exitCodes.failed,
  } as const;
  return codes[ended];
}

export interface Concluded {
  readonly before: Run;
  readonly record: Record;
  readonly staging?: Run;
  readonly history: History;
  readonly outputs: readonly Output[];
}

/**
 * Saves the runs, apart from those of `verify` by their stages, and reports: the last run compared with that before, and,
 * where it was kept, with staging.
 */
export async function conclude(one: Switch, concluded: Concluded, input: CommandInput, io: Io): Promise<void> {
  const { before, record, staging, history, outputs } = concluded;
  const runs = [before, ...record.runs.map(({ run }) => run)];
  // What happened to production is told, whether or not it can be saved.
  const unsaved = input.options.save === false ? undefined : await saveAll(runs, history);
  const last = record.runs.at(-1)?.run;
  const comparisons: Comparison[] = last
    ? [compareRuns(before, last), ...(staging && one.ended === 'kept' ? [compareRuns(staging, last)] : [])]
    : [];
  const baselines = staging ? [before, staging] : [before];
  await writeReports(outputs, { runs, comparisons, baselines, switch: one }, input, io, { runs: false });
  if (unsaved) io.err(`warning: ${unsaved.message}\n`);
}

/** @returns why they were not saved */
async function saveAll(runs: readonly Run[], history: History): Promise<Error | undefined> {
  try {
    for (const run of runs) await saveRun(history, run);
    return undefined;
  } catch (error) {
    if (error instanceof NixspecError) return error;
    throw error;
  }
}
