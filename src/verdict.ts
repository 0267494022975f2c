import { exitCodes } from './error.js';
import type { Comparison, Outcome, OutcomeStatus, Run } from './model.js';
import { isWaived } from './waiver.js';

/** A status, but failures of `warning` severity, and what is waived, apart. */
export type Verdict = OutcomeStatus | 'warned' | 'waived';

export function verdictOf(outcome: Outcome): Verdict {
  if (isWaived(outcome)) return 'waived';
  return outcome.status === 'failed' && outcome.severity === 'warning' ? 'warned' : outcome.status;
}

/** How many outcomes there are of each verdict. */
export type Counts = { readonly [verdict in Verdict]: number };

export function countOutcomes(run: Run): Counts {
  const counts = { passed: 0, failed: 0, unknown: 0, skipped: 0, warned: 0, waived: 0 };
  for (const outcome of run.outcomes) counts[verdictOf(outcome)] += 1;
  return counts;
}

/** True where a run judged nothing: nothing was wrong, but nothing was shown either. */
export function isVacuous(run: Run): boolean {
  return run.outcomes.every(({ status }) => status === 'skipped');
}

/**
 * 1 where something failed or broke, else 2 where something is unknown, was lost, or nothing was judged or compared at
 * all, else 0.
 * What has `warning` severity, or is waived, never fails a run.
 */
export function exitCodeOf(runs: readonly Run[], comparisons: readonly Comparison[]): number {
  const changes = comparisons.flatMap(({ changes }) => changes).filter(({ severity }) => severity !== 'warning');
  const failed = runs.some((run) => countOutcomes(run).failed > 0) || changes.some(({ kind }) => kind === 'broke');
  if (failed) return exitCodes.failed;
  const uncertain = (run: Run) => countOutcomes(run).unknown > 0 || run.problems.length > 0 || isVacuous(run);
  const vacuous = comparisons.some(({ compared, only }) => compared === 0 && only === undefined);
  const unknown = runs.some(uncertain) || vacuous || changes.some(({ kind }) => kind === 'lost');
  return unknown ? exitCodes.unknown : exitCodes.passed;
}
