import { groupBySubject, showEntry, showLine, showPath } from '../lint/asserted.js';
import { checkEachTarget } from '../lint/each-target.js';
import type { Asserted, Finding, LintInput, LintRule } from '../lint-rule.js';

const duplicateAssertion: LintRule = {
  name: 'duplicate-assertion',
  summary: 'The same assertion twice, mostly in two files',
  severity: 'warning',
  help: `\
The same subject, with the same parameters, is expected to be the same in two places: two included files, or a key that is
written in two ways (\`nginx\` and \`nginx.service\`). Both are judged and reported, and the next change is made in one of them
only. An entry that says something else of the same subject is not told: that is how files add to each other.`,
  check: (input) =>
    checkEachTarget(input, ({ asserted }) => groupBySubject(asserted).flatMap((group) => findTwice(group, input))),
};

export default duplicateAssertion;

function findTwice(group: readonly Asserted[], input: LintInput): readonly Finding[] {
  const first = new Map<string, Asserted>();
  const twice = group.flatMap((one) => {
    const key = JSON.stringify([one.written.path, one.expectation]);
    const before = first.get(key);
    if (!before) first.set(key, one);
    return before && !isSamePlace(before, one) ? [{ before, one }] : [];
  });
  const entries = new Set(twice.map(({ one }) => one.entry));
  return [...entries].flatMap((entry) => {
    const own = twice.filter(({ one }) => one.entry === entry);
    const [some] = own;
    // An entry that says nothing new is told once, at its name.
    if (some && own.length === entry.expectations.length) {
      const where = showLine(some.before.entry, entry.position);
      const message = `all that is said of ${showEntry(entry)} here is said in ${where} too`;
      return [{ place: input.placeOf(entry.position), message, hint: 'remove one of them' }];
    }
    return own.map(({ before, one: { written } }) => ({
      place: input.placeOf(written.position),
      message: `${showPath(written)} of ${showEntry(entry)} is expected to be the same in ${showLine(before.written, written.position)}`,
      hint: 'remove one of them',
    }));
  });
}

/** Aliases, and `for-each`: one text, several entries. */
function isSamePlace({ written: { position: a } }: Asserted, { written: { position: b } }: Asserted): boolean {
  return a.file === b.file && a.line === b.line && a.column === b.column;
}
