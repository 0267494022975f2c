import type { Asserted, Finding, LintInput } from '../lint-rule.js';
import type { Entry, Target } from '../model.js';
import { positionOf } from '../spec/mistake.js';
import type { Place } from '../spec/node.js';

/** What there is for one target. */
export interface OneTarget {
  readonly target: Target;
  readonly entries: readonly Entry[];
  readonly asserted: readonly Asserted[];
}

/**
 * Looks at the entries of each target by themselves. What is found for several is told once; what is found for only some of
 * those that it is written for says for which.
 */
export function checkEachTarget(
  { targets, entries, asserted }: Pick<LintInput, 'targets' | 'entries' | 'asserted'>,
  check: (on: OneTarget) => Iterable<Finding>,
): readonly Finding[] {
  const found = new Map<string, { readonly finding: Finding; readonly targets: string[] }>();
  for (const [name, target] of targets) {
    const seen = new Set<string>();
    const on = { target, entries: entries.get(name) ?? [], asserted: asserted.get(name) ?? [] };
    for (const finding of check(on)) {
      const { place, message } = finding;
      const key = JSON.stringify([place.file.name, place.start, message]);
      if (seen.has(key)) continue;
      seen.add(key);
      const row = found.get(key) ?? { finding, targets: [] };
      row.targets.push(name);
      found.set(key, row);
    }
  }
  return [...found.values()].map(({ finding, targets: names }) => {
    const isForAll = names.length === targets.size || names.length === countWrittenFor(finding.place, entries);
    return isForAll ? finding : { ...finding, message: `${finding.message} (on ${names.join(', ')})` };
  });
}

/** The targets that what stands at a place is read for: not those that `only`, `except` or `per-target` leave out. */
function countWrittenFor(place: Place, entries: LintInput['entries']): number {
  const { file, line, column } = positionOf(place);
  const isHere = ({ position }: Pick<Entry, 'position'>) =>
    position.line === line && position.column === column && position.file === file;
  return [...entries.values()].filter((list) => list.some((entry) => isHere(entry) || entry.expectations.some(isHere)))
    .length;
}
