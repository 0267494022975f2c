import type { LintFormat } from '../lint-format.js';

const json: LintFormat = {
  name: 'json',
  summary: 'One JSON list of all findings, with file, line and column from 1, and the length of what is marked',
  render: (linted) => {
    const problems = linted.flatMap((one) =>
      one.problems.map(({ fix, ...problem }) => ({ ...problem, ...(fix && { fixable: true }) })),
    );
    return { out: `${JSON.stringify(problems, undefined, 2)}\n`, err: '' };
  },
};

export default json;
