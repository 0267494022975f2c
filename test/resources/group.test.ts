import t from 'tap';
import group from '../../src/resources/group.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

t.test('one getent for all', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(group, `group${at}`, ['gid']));
  const probes = shellProbes(group, queries);
  t.equal(probes.length, 1);
  t.equal(probes[0]?.script.raw.match(/\bgetent group\b/g)?.length, 1);
});

const tables: readonly [string, string, object, object][] = [
  [
    'with members',
    'wheel',
    { stdout: 'wheel:x:1:bob,alice\n=group 0\n' },
    { status: 'known', readings: { gid: 1, members: ['alice', 'bob'] } },
  ],
  ['empty', 'wheel', { stdout: 'wheel:x:1:\n=group 0\n' }, { status: 'known', readings: { gid: 1, members: [] } }],
  ['not there', 'wheel', { stdout: '=group 2\n' }, { status: 'absent', reason: 'no group is called wheel' }],
  [
    'a number is not a gid',
    '1',
    { stdout: 'wheel:x:1:\n=group 0\n' },
    { status: 'absent', reason: 'no group is called 1' },
  ],
  [
    'a broken line',
    'wheel',
    { stdout: 'wheel\nwheel:x:\n=group 0\n' },
    { status: 'unknown', reason: 'getent answered with a broken line for wheel' },
  ],
  [
    'no getent',
    'wheel',
    { stdout: '=group 127\n', stderr: 'getent: not found\n=group 127\n' },
    { status: 'unknown', reason: 'getent gave no answer: getent: not found' },
  ],
  ['nothing', 'wheel', {}, { status: 'unknown', reason: 'getent gave no answer: it was not run to its end' }],
];

for (const [name, subject, recorded, expected] of tables) {
  t.test(name, async (t) => {
    const query = ask(group, subject, ['gid', 'members']);
    t.strictSame(read(group, [query], recorded).get(query.id), expected);
  });
}

t.test('this machine, in every shell', async (t) => {
  const queries = ['daemon', 'nosuch', '0'].map((name) => ask(group, name, ['gid']));
  for (const shell of shells) {
    t.strictSame(
      [...observe(group, queries, shell).values()],
      [
        { status: 'known', readings: { gid: 1, members: [] } },
        { status: 'absent', reason: 'no group is called nosuch' },
        { status: 'absent', reason: 'no group is called 0' },
      ],
      shell.join(' '),
    );
  }
});
