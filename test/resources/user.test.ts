import t from 'tap';
import user from '../../src/resources/user.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const everything = ['uid', 'gid', 'home', 'shell', 'groups', 'locked'];
const noRight = 'passwords may be seen by root only: connect as root or set `sudo: true`';

t.test('one probe for all, with a constant number of processes', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(user, `user${at}`, everything));
  const [probe, ...more] = shellProbes(user, queries);
  t.equal(more.length, 0);
  t.equal(probe?.script.raw.match(/\bgetent passwd\b/g)?.length, 1);
  t.equal(probe?.script.raw.match(/\bid -Gnz\b/g)?.length, 1);
  t.equal(probe?.script.raw.match(/\bgetent shadow\b/g)?.length, 1);
});

t.test('asks only for what is wanted', async (t) => {
  const script = shellProbes(user, [ask(user, 'alice', ['uid'])])[0]?.script.raw;
  t.notMatch(script, /\bid\b|shadow/);
});

const alice = 'alice:x:1000:100:Alice,,,:/home/alice:/bin/sh\n=passwd 0\n';
const aliceIs = { uid: 1000, gid: 100, comment: 'Alice,,,', home: '/home/alice', shell: '/bin/sh' };
const tables: readonly [string, string, readonly string[], object, object][] = [
  ['plain', 'alice', ['uid'], { stdout: alice }, { status: 'known', readings: aliceIs }],
  [
    'groups, sorted',
    'alice',
    ['groups'],
    { stdout: `${alice}users\0wheel\0a b\0\0users\0wheel\0a b\0\0\n=groups 0\n` },
    { status: 'known', readings: { ...aliceIs, groups: ['a b', 'users', 'wheel'] } },
  ],
  [
    'the primary group comes first',
    'alice',
    ['primary-group'],
    { stdout: `${alice}users\0wheel\0a b\0\0users\0wheel\0a b\0\0\n=groups 0\n` },
    { status: 'known', readings: { ...aliceIs, 'primary-group': 'users' } },
  ],
  [
    'an account that has expired',
    'alice',
    ['expired', 'expires', 'password-age', 'password'],
    { stdout: `${alice}alice::y:+:20000:0:99999:7::20050\n=shadow 0\n1732320000\n=now 0\n` },
    {
      status: 'known',
      readings: { ...aliceIs, expired: true, expires: 1_732_320_000, 'password-age': 4_320_000, password: 'set' },
    },
  ],
  [
    'an `id` that knows one user only',
    'alice',
    ['groups'],
    { stdout: `${alice}users wheel\n=groups 1\n` },
    {
      status: 'known',
      readings: {
        ...aliceIs,
        groups: {
          noReading: 'unknown',
          reason: '`id -Gnz` gave no list of groups for each user: coreutils 8.31 or newer is needed',
        },
      },
    },
  ],
  [
    'locked by !',
    'alice',
    ['locked'],
    { stdout: `${alice}alice:!::::::::\n=shadow 0\n` },
    { status: 'known', readings: { ...aliceIs, locked: true } },
  ],
  [
    'locked by *',
    'alice',
    ['locked'],
    { stdout: `${alice}alice:*::::::::\n=shadow 0\n` },
    { status: 'known', readings: { ...aliceIs, locked: true } },
  ],
  [
    'a password or an empty one',
    'alice',
    ['locked'],
    { stdout: `${alice}alice:::+::::::\n=shadow 0\n` },
    { status: 'known', readings: { ...aliceIs, locked: false } },
  ],
  [
    'locked in passwd(5) itself',
    'alice',
    ['locked'],
    { stdout: 'alice:!*:1000:100::/home/alice:/bin/sh\n=passwd 0\n=shadow 1\n' },
    { status: 'known', readings: { ...aliceIs, comment: '', locked: true } },
  ],
  [
    'not root',
    'alice',
    ['locked'],
    { stdout: `${alice}=shadow 1\n` },
    { status: 'known', readings: { ...aliceIs, locked: { noReading: 'unknown', reason: noRight } } },
  ],
  [
    'not in the shadow database',
    'alice',
    ['locked'],
    { stdout: `${alice}alice2:!::::::::\n=shadow 0\n` },
    {
      status: 'known',
      readings: { ...aliceIs, locked: { noReading: 'unknown', reason: 'it has no entry in the shadow database' } },
    },
  ],
  ['not there', 'bob', everything, { stdout: '=passwd 2\n' }, { status: 'absent', reason: 'no user is called bob' }],
  ['a number is not a uid', '1000', ['uid'], { stdout: alice }, { status: 'absent', reason: 'no user is called 1000' }],
  [
    'a user whose name is a number',
    '1000',
    ['groups'],
    { stdout: '1000:x:7:100::/:/bin/sh\n=passwd 0\n' },
    {
      status: 'known',
      readings: {
        uid: 7,
        gid: 100,
        comment: '',
        home: '/',
        shell: '/bin/sh',
        groups: { noReading: 'unknown', reason: 'the groups of a user whose name is a number cannot be asked for' },
      },
    },
  ],
  [
    'no getent',
    'alice',
    ['uid'],
    { stdout: '=passwd 127\n', stderr: 'sh: 1: getent: not found\n=passwd 127\n' },
    { status: 'unknown', reason: 'getent gave no answer: sh: 1: getent: not found' },
  ],
  ['nothing', 'alice', ['uid'], {}, { status: 'unknown', reason: 'getent gave no answer: it was not run to its end' }],
  [
    'a broken line',
    'alice',
    ['uid'],
    { stdout: 'alice:x:one:two:::\n=passwd 0\n' },
    { status: 'unknown', reason: 'getent answered with a broken line for alice' },
  ],
];

for (const [name, subject, wanted, recorded, expected] of tables) {
  t.test(name, async (t) => {
    const query = ask(user, subject, wanted);
    t.strictSame(read(user, [query], recorded).get(query.id), expected);
  });
}

t.test('this machine, in every shell', async (t) => {
  const queries = ['daemon', 'root', 'nosuch', '0'].map((name) => ask(user, name, everything));
  for (const shell of shells) {
    const observations = [...observe(user, queries, shell).values()];
    t.match(observations[0], { status: 'known', readings: { uid: 1, gid: 1, groups: ['daemon'] } }, shell.join(' '));
    t.match(observations[1], { status: 'known', readings: { uid: 0, gid: 0, home: '/root', groups: /root/ } });
    t.strictSame(observations[2], { status: 'absent', reason: 'no user is called nosuch' });
    t.strictSame(observations[3], { status: 'absent', reason: 'no user is called 0' });
  }
});
