import t from 'tap';
import route from '../../src/resources/route.js';
import { startLab } from '../lab/lab.js';
import { ask, observeOver } from '../run-script.js';

const lab = await startLab();
const skip = 'skip' in lab && lab.skip;
const everything = Object.keys(route.properties);

t.test('routes of a machine', { skip }, async (t) => {
  if ('skip' in lab) return;
  const subjects = [
    '10.100.0.0/24',
    '10.100.0.2',
    'fd00:213::/64',
    'fd00:213::20',
    '127.0.0.1',
    '198.18.0.1',
    'default',
  ];
  const queries = subjects.map((subject) => ask(route, subject, everything));
  for (const shell of ['dash', 'bash --posix']) {
    t.match(observeOver(lab.sshConfig, 'staging', route, queries, shell), [
      { readings: { interface: 'wg0', source: '10.100.0.1', protocol: 'kernel', 'next-hops': ['dev wg0'] } },
      { readings: { interface: 'wg0', source: '10.100.0.1', type: 'unicast' } },
      { readings: { interface: 'eth0', protocol: 'kernel' } },
      { readings: { interface: 'eth0', source: 'fd00:213::10' } },
      { readings: { interface: 'lo', type: 'local' } },
      { status: 'absent', reason: 'there is no route to 198.18.0.1' },
      { status: 'absent', reason: 'the table main has no route to default' },
    ]);
  }
  t.match(observeOver(lab.sshConfig, 'production-deploy', route, queries.slice(0, 1)), [
    { readings: { interface: 'wg0' } },
  ]);
  t.match(observeOver(lab.sshConfig, 'staging', route, [ask(route, 'default', ['exists'], { table: '4711' })]), [
    { status: 'absent', reason: 'there is no table 4711' },
  ]);
});
