import { exitCodes } from './error.js';
import type { Comparison, RehearsalStep, Run, UnitOnTheWay } from './model.js';
import { nameOfRun } from './stage.js';
import { countOf } from './text.js';
import { countOutcomes, exitCodeOf } from './verdict.js';

export interface Rehearsed {
  readonly steps: readonly RehearsalStep[];
  /** Of the steps, in their order. */
  readonly runs: readonly Run[];
  readonly comparisons: readonly Comparison[];
}

/**
 * What a rehearsal is worth: what was verified after the first step, the comparisons, and what went wrong between. That
 * something failed before counts nothing: production runs with it.
 *
 * A unit that is failed at the end and was not before breaks on the way, which no fresh boot shows: a failure, also where
 * the spec does not know the unit, unless the spec says something about it; then its verdict decides. A unit that failed
 * and got over it is shown, and no failure: nobody asked for more.
 */
export function exitCodeOfRehearsal({ steps, runs, comparisons }: Rehearsed): number {
  if (steps.some(isFault)) return exitCodes.failed;
  const later = runs.filter(({ stage }) => stage !== 'before');
  // Nothing that came after was seen, or not what happened on the way.
  const partial = later.length === 0 || steps.some(({ unknown }) => unknown !== undefined);
  return exitCodeOf(later, comparisons) || (partial ? exitCodes.unknown : exitCodes.passed);
}

/** The same in a sentence. */
export function describeRehearsal(rehearsed: Rehearsed): string {
  const { steps, runs, comparisons } = rehearsed;
  const code = exitCodeOfRehearsal(rehearsed);
  if (code === exitCodes.passed) return 'the upgrade holds';
  const failed = steps.filter(({ status }) => status === 'failed').map(({ stage }) => `${stage} went wrong`);
  const broken = new Set(steps.flatMap(({ units }) => units.filter(isBroken).map(({ name }) => name)));
  const units = [...broken].map((name) => `${name} breaks on the way`);
  const verified = runs.flatMap((run) => {
    const broke = comparisons
      .filter(({ to }) => to === run.id)
      .flatMap(({ changes }) => changes.filter(({ kind, severity }) => kind === 'broke' && severity !== 'warning'));
    const counts = countOutcomes(run);
    const words = [
      broke.length > 0 ? `${countOf(broke.length, 'assertion')} broke` : '',
      counts.failed > broke.length ? `${counts.failed} failed` : '',
    ];
    const said = words.filter(Boolean).join(', ');
    return run.stage === 'before' || said === '' ? [] : [`${nameOfRun(run)}: ${said}`];
  });
  const why = [...failed, ...units, ...verified].join('; ');
  if (code === exitCodes.failed) return `the upgrade does not hold: ${why}`;
  return 'whether the upgrade holds is not known: not all could be found out';
}

export function isFault({ stage, status, units }: RehearsalStep): boolean {
  return stage !== 'before' && (status === 'failed' || units.some(isBroken));
}

function isBroken({ kind, asserted }: UnitOnTheWay): boolean {
  return kind === 'broken' && !asserted;
}
