import type { Report } from '../report.js';

/** Keys and meaning are fixed by `format`; the baselines are not repeated, `from` names them. */
const json: Report = {
  name: 'json',
  summary: 'One JSON object with the runs and the comparisons',
  render: ({ runs, comparisons, rehearsal, switch: switched }) =>
    `${JSON.stringify({ format: 1, runs, comparisons, ...(rehearsal && { rehearsal }), ...(switched && { switch: switched }) }, undefined, 2)}\n`,
};

export default json;
