import type { Linted } from '../lint-format.js';
import type { LintProblem, LintRule } from '../lint-rule.js';
import type { Entry, Problem } from '../model.js';
import { type Draft, parseForTargets, sortProblems } from '../prepare.js';
import type { SpecSource } from '../spec/read.js';
import { Assertions } from './asserted.js';
import { Places } from './places.js';
import { runRules } from './run-rules.js';

/** One spec as it was looked at: what is told of it, and what mending it needs. */
export interface LintedSpec extends Linted {
  readonly source: SpecSource;
  /** By target. */
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
}

/** Checks a spec for all its targets: first the language, then every rule. */
export async function lintSpec(draft: Draft, rules: readonly LintRule[], now: Date): Promise<LintedSpec> {
  const { file, source, targets } = draft;
  const { checkShape } = await import('../spec/shape.js');
  const shape = await checkShape(source);
  const { problems, entries, resources, matchers } = await parseForTargets(draft, [...targets.values()]);
  const mistakes = sortProblems([...source.problems, ...draft.problems, ...shape, ...problems]);
  const isWhole = mistakes.every(({ severity }) => severity !== 'error');
  const places = new Places(source.files);
  const assertions = new Assertions(resources, matchers);
  const asserted = new Map([...entries].map(([target, list]) => [target, assertions.list(list)]));
  const placeOf = places.at.bind(places);
  const found = runRules(rules, { source, targets, entries, asserted, resources, matchers, now, isWhole, placeOf });
  return {
    file,
    source,
    entries,
    problems: mergeProblems(mistakes, found),
    counts: new Map([...entries].map(([target, { length }]) => [target, length])),
  };
}

/** What is a mistake of the language is not told once more by a rule. */
function mergeProblems(mistakes: readonly Problem[], found: readonly LintProblem[]): readonly LintProblem[] {
  const placeOf = ({ position: { file, line, column } }: Problem) => JSON.stringify([file, line, column]);
  const told = new Set(mistakes.map(placeOf));
  return [...mistakes, ...found.filter((problem) => !told.has(placeOf(problem)))].sort(
    ({ position: a }, { position: b }) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
}
