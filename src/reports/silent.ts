import type { Report } from '../report.js';

const silent: Report = {
  name: 'silent',
  summary: 'Nothing: the exit code tells',
  render: () => '',
};

export default silent;
