import type { Finding, LintInput } from '../lint-rule.js';
import type { Entry, Target } from '../model.js';

/**
 * Looks at the entries of each target by themselves. What is found for several is told once; what is found for some only
 * says for which.
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
  return [...found.values()].map((row) =>
    row.targets.length === targets.size ? row.finding : { ...row.finding, message: addTargets(row) },
  );
}

function addTargets({ finding, targets }: { readonly finding: Finding; readonly targets: readonly string[] }): string {
  return `${finding.message} (on ${targets.join(', ')})`;
}
