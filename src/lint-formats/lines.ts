import type { Linted, LintFormat } from '../lint-format.js';
import { drawProblem } from '../problem.js';
import { countOf, listSome } from '../text.js';

const lines: LintFormat = {
  name: 'lines',
  summary: 'For people: each finding with its line of the file, on standard error; the sum on standard output',
  render: (linted, { color }) => ({
    err: linted.flatMap(({ problems }) => problems.map((problem) => `${drawProblem(problem, { color })}\n`)).join(''),
    out: linted.map((one) => `${one.file}: ${describeCounts(one)}\n`).join(''),
  }),
};

export default lines;

function describeCounts({ problems, counts }: Linted): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const found = [errors > 0 && countOf(errors, 'mistake'), warnings > 0 && countOf(warnings, 'warning')].filter(
    Boolean,
  );
  const fixable = problems.filter(({ fix }) => fix).length;
  const fixes = fixable > 0 ? ` (\`--fix\` mends ${fixable})` : '';
  if (errors > 0) return found.join(', ') + fixes;
  const entries = [...counts].map(([target, count]) => `${describeEntries(count)} for ${target}`);
  return `${found.join(', ') || 'no mistakes'}${fixes}; ${listSome(entries, 20)}`;
}

function describeEntries(count: number): string {
  if (count === 0) return 'nothing';
  return count === 1 ? '1 entry' : `${count} entries`;
}
