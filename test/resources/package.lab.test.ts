import t from 'tap';
import packages from '../../src/resources/package.js';
import { startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

const lab = await startLab();
const skip = 'skip' in lab && lab.skip;

t.test('packages of a real dpkg, as any user', { skip }, async (t) => {
  if ('skip' in lab) return;
  const queries = ['nginx', 'libc6:amd64', 'nginx:arm64', 'nosuch'].map((name) =>
    ask(packages, name, ['installed', 'versions']),
  );
  for (const [alias, shell] of [
    ['staging', 'dash'],
    ['production-deploy', 'bash --posix'],
  ] as const) {
    t.match(observeOver(lab.sshConfig, alias, packages, queries, shell), [
      { readings: { exists: true, installed: true, versions: [/^1\.\d+/] } },
      { readings: { installed: true, versions: [/^2\.\d+/] } },
      { readings: { exists: false, installed: false, versions: { noReading: 'absent' } } },
      { readings: { installed: false } },
    ]);
  }
});
