import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { Observation, Value } from '../../src/model.js';
import file from '../../src/resources/file.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const everything = Object.keys(file.properties);
/** What is told by `stat`, by reading and by checksums; test/files has the others. */
const plain = 'filetype mode owner group uid gid size contents linked-to real-path age md5 sha256 sha512'.split(' ');
const needRoot = process.getuid?.() === 0 ? false : 'needs root to become another user';

/** Looks at one path and gives the readings of some properties, or the observation where it is not known. */
function look(
  path: string,
  wanted: readonly string[],
  params: Record<string, Value> = {},
  command?: readonly string[],
) {
  const query = ask(file, path, wanted, params);
  return pick(observe(file, [query], command).get(query.id), wanted);
}

function pick(observation: Observation | undefined, wanted: readonly string[]) {
  if (observation?.status !== 'known') return observation;
  return Object.fromEntries(wanted.map((property) => [property, observation.readings[property]]));
}

t.test('a handful of processes for a thousand files, and two probes', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(file, `/etc/file${at}`, at % 2 ? ['mode'] : everything));
  const [reading, plain, ...more] = shellProbes(file, queries);
  t.equal(more.length, 0);
  t.equal(plain?.script.raw.match(/\bstat\b/g)?.length, 1);
  t.notMatch(plain?.script.raw, /sum\b|head/);
  const tools = reading?.script.raw.match(
    /\b(head|find|sha256sum|md5sum|sha512sum|getfacl|args -0r (getcap|lsattr)) /g,
  );
  t.equal(tools?.length, 9);
});

t.test('names cannot become anything else', async (t) => {
  const folder = t.testdir({});
  const names = [
    'a\nb',
    '-n',
    '* ?[x]',
    " it's",
    '"$(id)`x`',
    '=followed',
    'ends with \\',
    'tab\there',
    'a: No such file or directory',
    'ü',
  ];
  for (const [at, name] of names.entries()) writeFileSync(join(folder, name), `number ${at}`);
  const found = names.map((name) =>
    ask(file, join(folder, name), ['size', 'contents', 'sha256', 'real-path', 'linked-to']),
  );
  const missing = names.map((name) => ask(file, join(folder, name, 'x'), ['size']));
  const gone = names.map((name) => ask(file, join(folder, `no${name}`), ['contents']));
  for (const shell of shells) {
    const observations = observe(
      file,
      [...found, ...missing, ...gone].sort((a, b) => (a.id.length % 3) - (b.id.length % 3)),
      shell,
    );
    for (const [at, query] of found.entries()) {
      t.match(
        observations.get(query.id),
        {
          status: 'known',
          readings: {
            size: `number ${at}`.length,
            contents: `number ${at}`,
            sha256: createHash('sha256').update(`number ${at}`).digest('hex'),
            'real-path': query.subject,
            'linked-to': { noReading: 'absent', reason: 'it is no symbolic link' },
          },
        },
        `${shell}: ${query.subject}`,
      );
    }
    for (const { id } of missing)
      t.strictSame(observations.get(id), { status: 'absent', reason: 'something above it is not a directory' });
    for (const { id } of gone)
      t.strictSame(observations.get(id), { status: 'absent', reason: 'no such file or directory' });
  }
});

t.test('everything about a file', async (t) => {
  const path = join(t.testdir({ plain: 'hello\n' }), 'plain');
  chmodSync(path, 0o4750);
  utimesSync(path, Date.now() / 1000, Date.now() / 1000 - 3600);
  const hash = (name: string) => createHash(name).update('hello\n').digest('hex');
  for (const shell of shells) {
    const { age, owner, group, ...readings } = look(path, plain, {}, shell) as Record<string, unknown>;
    t.strictSame(readings, {
      filetype: 'file',
      mode: '4750',
      uid: process.getuid?.(),
      gid: process.getgid?.(),
      size: 6,
      contents: 'hello\n',
      'linked-to': { noReading: 'absent', reason: 'it is no symbolic link' },
      'real-path': path,
      md5: hash('md5'),
      sha256: hash('sha256'),
      sha512: hash('sha512'),
    });
    t.ok(Number(age) >= 3600 && Number(age) < 3700, `age ${age}`);
    t.type(owner, 'string');
    t.type(group, 'string');
  }
});

t.test('an owner without a name is a number', { skip: needRoot }, async (t) => {
  const path = join(t.testdir({ plain: '' }), 'plain');
  chownSync(path, 54321, 54322);
  t.strictSame(look(path, ['owner', 'group', 'uid']), { owner: '54321', group: '54322', uid: 54321 });
});

t.test('links', async (t) => {
  const folder = t.testdir({ target: 'x' });
  const [link, dangling, circle, above] = ['link', 'dangling', 'circle', 'above'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  symlinkSync('target', link);
  symlinkSync('/no/where -> else', dangling);
  symlinkSync('circle', circle);
  symlinkSync(folder, above);
  t.strictSame(look(link, ['filetype', 'linked-to', 'real-path', 'contents']), {
    filetype: 'file',
    'linked-to': 'target',
    'real-path': join(folder, 'target'),
    contents: 'x',
  });
  t.strictSame(look(link, ['filetype', 'mode', 'linked-to', 'contents'], { follow: false }), {
    filetype: 'symlink',
    mode: '0777',
    'linked-to': 'target',
    contents: 'x',
  });
  t.match(look(join(above, 'link'), ['real-path']), { 'real-path': join(folder, 'target') });
  t.strictSame(look(dangling, ['filetype']), { status: 'absent', reason: 'no such file or directory' });
  t.strictSame(look(circle, ['exists']), { status: 'absent', reason: 'its symbolic links go in a circle' });
  t.strictSame(look(dangling, ['exists', 'linked-to', 'mode']), {
    exists: false,
    'linked-to': '/no/where -> else',
    mode: { noReading: 'absent', reason: 'a symbolic link that leads nowhere' },
  });
  t.strictSame(look(dangling, ['filetype', 'contents', 'real-path', 'md5'], { follow: false }), {
    filetype: 'symlink',
    contents: { noReading: 'absent', reason: 'no such file or directory' },
    'real-path': { noReading: 'absent', reason: 'no such file or directory' },
    md5: { noReading: 'absent', reason: 'no such file or directory' },
  });
});

t.test('all types of file', async (t) => {
  const folder = t.testdir({});
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  const server = createServer().listen(join(folder, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const cases: readonly [string, string][] = [
    [folder, 'directory'],
    [join(folder, 'fifo'), 'pipe'],
    [join(folder, 'socket'), 'socket'],
    ['/dev/null', 'character-device'],
  ];
  for (const [path, filetype] of cases) {
    const none = { noReading: 'absent', reason: `a ${filetype} has no contents` };
    t.strictSame(look(path, ['filetype', 'contents', 'sha256']), { filetype, contents: none, sha256: none });
  }
});

t.test('contents', async (t) => {
  const folder = t.testdir({
    big: 'x'.repeat(1024 * 1024 + 1),
    whole: 'y'.repeat(1024 * 1024),
    empty: '',
    last: 'last',
  });
  writeFileSync(join(folder, 'bytes'), Buffer.from([0x61, 0, 0xff, 0x62, 0x0a]));
  const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  writeFileSync(join(folder, 'id'), `x\n${id}`);
  writeFileSync(join(folder, 'forged'), `x\n${id}Linux\n`);
  const paths = ['big', 'whole', 'empty', 'bytes', 'id', 'last'].map((name) => join(folder, name));
  const queries = [...paths, '/proc/sys/kernel/random/boot_id', '/proc/sys/kernel/ostype'].map((path) =>
    ask(file, path, ['contents']),
  );
  const contents = [
    { noReading: 'unknown', reason: 'it is larger than 1 MiB: assert its `sha256` or `size`' },
    'y'.repeat(1024 * 1024),
    '',
    'a\0\ufffdb\n',
    `x\n${id}`,
    'last',
    id,
    'Linux\n',
  ];
  for (const shell of shells) {
    const observations = observe(file, queries, shell);
    t.strictSame(
      queries.map((query) => pick(observations.get(query.id), ['contents'])),
      contents.map((contents) => ({ contents })),
    );
  }
  const forged = [...queries, ask(file, join(folder, 'forged'), ['contents'])];
  t.strictSame(
    new Set([...observe(file, forged).values()].map((observation) => JSON.stringify(pick(observation, ['contents'])))),
    new Set([
      '{"contents":{"noReading":"unknown","reason":"the contents could not be read: they could not be told apart"}}',
    ]),
    'a file with the separator in it spoils all, but never gives another file its contents',
  );
});

t.test('another user', { skip: needRoot }, async (t) => {
  const folder = t.testdir({ closed: { inside: 'x' }, secret: 'x', empty: '', open: 'o' });
  chmodSync(join(folder, 'closed'), 0o700);
  chmodSync(join(folder, 'secret'), 0o600);
  chmodSync(join(folder, 'empty'), 0o600);
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'sh'];
  const names = ['closed/inside', 'closed/nosuch', 'secret', 'empty', 'open', 'nosuch'];
  const queries = names.map((name) => ask(file, join(folder, name), ['mode', 'contents', 'md5']));
  const observations = observe(file, queries, nobody);
  const closed = {
    status: 'unknown',
    reason: 'this user may not look into a folder above it: connect as root or set `sudo: true`',
  };
  const unreadable = { noReading: 'unknown', reason: 'this user may not read it: connect as root or set `sudo: true`' };
  t.strictSame(
    queries.map((query) => pick(observations.get(query.id), ['mode', 'contents', 'md5'])),
    [
      closed,
      closed,
      { mode: '0600', contents: unreadable, md5: unreadable },
      { mode: '0600', contents: unreadable, md5: unreadable },
      { mode: '0644', contents: 'o', md5: 'd95679752134a2d9eb61dbd7b91c4bcc' },
      { status: 'absent', reason: 'no such file or directory' },
    ],
  );
});

const stat = '=followed\0/a\0' + '81a4\0' + '0\0root\0' + '0\0root\0' + '5\0' + '1700000000\0' + '/a\0';
const recorded: readonly [string, readonly string[], object, Observation][] = [
  [
    'a busybox stat',
    ['mode'],
    { stdout: '=followed\0', stderr: '=followed\nstat: unrecognized option: printf\nBusyBox v1.36.1\nUsage: stat\n' },
    { status: 'unknown', reason: 'stat of GNU coreutils is needed: stat: unrecognized option: printf' },
  ],
  [
    'no stat',
    ['mode'],
    { stdout: '=followed\0', stderr: '=followed\nsh: 1: stat: not found\n' },
    { status: 'unknown', reason: 'it could not be looked at: sh: 1: stat: not found' },
  ],
  ['nothing', ['mode'], {}, { status: 'unknown', reason: 'stat of GNU coreutils is needed: no answer' }],
  [
    'a broken disk',
    ['mode'],
    { stdout: '=followed\0', stderr: "=followed\nstat: cannot statx '/a': Input/output error\n" },
    { status: 'unknown', reason: "it could not be looked at: stat: cannot statx '/a': Input/output error" },
  ],
];
for (const [name, wanted, output, expected] of recorded) {
  t.test(name, async (t) => {
    const query = ask(file, '/a', wanted);
    t.strictSame(read(file, [query], output).get(query.id), expected);
  });
}

t.test('broken sums and contents are unknown', async (t) => {
  const query = ask(file, '/a', ['md5', 'contents', 'real-path']);
  const stderr = '=followed\n=real\n=md5\nsh: xargs: not found\n=contents\nsh: xargs: not found\n';
  t.strictSame(
    pick(read(file, [query], { stdout: `${stat}=real\0=md5\0=contents\0`, stderr }).get(query.id), [...query.wanted]),
    {
      md5: { noReading: 'unknown', reason: 'sh: xargs: not found' },
      contents: { noReading: 'unknown', reason: 'the contents could not be read: sh: xargs: not found' },
      'real-path': { noReading: 'unknown', reason: 'realpath gave no answer' },
    },
  );
});

t.test('what is cut off is never read', async (t) => {
  const query = ask(file, '/a', ['mode']);
  t.throws(() => read(file, [query], { stdout: stat.slice(0, -1) }), /cut off/);
  t.throws(() => read(file, [query], { stdout: stat.slice(0, 20) }), /cut off|broken/);
  t.throws(() => read(file, [query], { stdout: 'stray\0' }), /belongs nowhere/);
});
