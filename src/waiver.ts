import type { Outcome, Run, Waiver } from './model.js';

/**
 * Marks an outcome of a waived entry. While the waiver holds, a failure is reported apart and fails no run; when it is
 * over, the failure counts again and says so. Pure.
 *
 * @param at when the run began
 */
export function applyWaiver(outcome: Outcome, waiver: Waiver | undefined, at: Date): Outcome {
  if (!waiver || outcome.status === 'skipped') return outcome;
  const expired = at.toISOString().slice(0, 10) > waiver.until;
  const { status, message } = outcome;
  const said = expired && status !== 'passed' ? addToFirstLine(message, describeEnd(waiver)) : message;
  return { ...outcome, message: said, waived: { ...waiver, ...(expired && { expired }) } };
}

function describeEnd({ until, reason }: Waiver): string {
  return `; it was waived until ${until} only: ${reason}`;
}

/** Before a diff, not after it. */
function addToFirstLine(message: string, words: string): string {
  const [first = '', ...rest] = message.split('\n');
  return [`${first}${words}`, ...rest].join('\n');
}

/** Not passed, and accepted for now. */
export function isWaived({ status, waived }: Outcome): boolean {
  return (status === 'failed' || status === 'unknown') && waived !== undefined && !waived.expired;
}

/** Waivers that are not needed any more: everything in the entry passed. One outcome of each entry. */
export function findNeedlessWaivers(run: Run): readonly Outcome[] {
  const entries = new Map<string, Outcome[]>();
  for (const outcome of run.outcomes.filter(({ waived }) => waived)) {
    const key = JSON.stringify([outcome.resource, outcome.subject, outcome.waived]);
    entries.set(key, [...(entries.get(key) ?? []), outcome]);
  }
  return [...entries.values()].flatMap((outcomes) =>
    outcomes.every(({ status }) => status === 'passed') ? outcomes.slice(0, 1) : [],
  );
}
