import type { Finding, LintInput, LintProblem, LintRule } from '../lint-rule.js';
import { framePlace } from '../spec/mistake.js';
import { nameStandIns } from '../spec/stand-in.js';
import { isQuiet, listQuiets } from './quiet.js';

/** Asks every rule, and leaves out what a comment silences. Sorted by file and place. */
export function runRules(rules: readonly LintRule[], input: LintInput): readonly LintProblem[] {
  const quiets = input.source.files.flatMap(listQuiets);
  const found = rules.flatMap((rule) =>
    rule
      .check(input)
      .map((finding) => ({ finding, problem: makeProblem(rule, finding) }))
      .filter(({ finding, problem }) => !isQuiet(quiets, rule.name, finding.place.file, problem.position.line))
      .map(({ problem }) => problem),
  );
  // One place can only be wrong in one way by one rule.
  const once = new Map(
    found.reverse().map((problem) => [JSON.stringify([problem.code, problem.position]), problem] as const),
  );
  return [...once.values()].reverse();
}

function makeProblem({ name, severity }: LintRule, { place, message, hint, fix }: Finding): LintProblem {
  return {
    code: name,
    severity,
    message: nameStandIns(message),
    ...(hint !== undefined && { hint: nameStandIns(hint) }),
    ...framePlace(place),
    ...(fix && { fix }),
  };
}
