import type { Finding, LintInput } from '../lint-rule.js';
import type { Entry, Target } from '../model.js';
import { positionOf } from '../spec/mistake.js';
import type { Place } from '../spec/node.js';

/**
 * Looks at the entries of each target by themselves. What is found for several is told once; what is found for only some of
 * those that it is written for says for which.
 */
export function checkEachTarget(
  { targets, entries }: Pick<LintInput, 'targets' | 'entries'>,
  check: (entries: readonly Entry[], target: Target) => Iterable<Finding>,
): readonly Finding[] {
  const found = new Map<string, { readonly finding: Finding; readonly targets: string[] }>();
  for (const [name, target] of targets) {
    const seen = new Set<string>();
    for (const finding of check(entries.get(name) ?? [], target)) {
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
