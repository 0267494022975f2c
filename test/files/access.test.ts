import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import file from '../../src/resources/file.js';
import { ask, observe, read, shells } from '../run-script.js';

const needRoot = process.getuid?.() === 0 ? false : 'needs root to become another user';
const properties = ['readable-by', 'writable-by', 'executable-by'];

function question(path: string, ...users: readonly string[]) {
  return ask(file, path, properties, Object.fromEntries(properties.map((property) => [property, users])));
}

t.test('who can', { skip: needRoot }, async (t) => {
  // Below /tmp, since others must be able to reach it.
  const folder = `/tmp/nixspec-access-${process.pid}`;
  t.teardown(async () => (await import('node:fs')).rmSync(folder, { recursive: true }));
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const make = (name: string, mode: number, uid = 0, gid = 0) => {
    writeFileSync(join(folder, name), '');
    chownSync(join(folder, name), uid, gid);
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'closed'), 0o700);
  const queries = [
    question(make('open', 0o644), 'root', 'nobody', 'daemon'),
    question(make('of nobody', 0o600, 65534, 65534), 'nobody', 'daemon'),
    question(make("it's", 0o750, 0, 1), 'daemon', 'nobody', 'no such user'),
    question(make('closed/inside', 0o777), 'nobody'),
    question(join(folder, 'none'), 'nobody'),
  ];
  const none = { noReading: 'absent', reason: 'no user is called no such user' };
  for (const shell of shells) {
    const observations = observe(file, queries, shell);
    t.strictSame(
      queries.map(({ id }) => observations.get(id)),
      [
        {
          status: 'known',
          readings: {
            'readable-by': { root: true, nobody: true, daemon: true },
            'writable-by': { root: true, nobody: false, daemon: false },
            'executable-by': { root: false, nobody: false, daemon: false },
          },
        },
        {
          status: 'known',
          readings: {
            'readable-by': { nobody: true, daemon: false },
            'writable-by': { nobody: true, daemon: false },
            'executable-by': { nobody: false, daemon: false },
          },
        },
        {
          status: 'known',
          readings: {
            'readable-by': { daemon: true, nobody: false, 'no such user': none },
            'writable-by': { daemon: false, nobody: false, 'no such user': none },
            'executable-by': { daemon: true, nobody: false, 'no such user': none },
          },
        },
        {
          status: 'known',
          readings: {
            'readable-by': { nobody: false },
            'writable-by': { nobody: false },
            'executable-by': { nobody: false },
          },
        },
        { status: 'absent', reason: 'no such file or directory' },
      ],
      shell.join(' '),
    );
  }
});

t.test('others than root can only look as themselves', { skip: needRoot }, async (t) => {
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'sh'];
  const query = question('/etc/passwd', 'nobody', 'daemon');
  const denied = {
    noReading: 'unknown',
    reason: 'only root can look as daemon: connect as root or set `sudo: true`',
  };
  t.match(observe(file, [query], nobody).get(query.id), {
    readings: { 'readable-by': { nobody: true, daemon: denied }, 'writable-by': { nobody: false, daemon: denied } },
  });
});

t.test('without setpriv, and without a name', async (t) => {
  const stat = '=followed\0/a\x0081a4\x000\0root\x000\0root\x005\x001700000000\0/a\0';
  const stderr = '=followed\n=access\nsh: 8: setpriv: not found\n';
  const query = ask(file, '/a', ['readable-by'], { 'readable-by': ['alice'] });
  t.strictSame(read(file, [query], { stdout: `${stat}=access\0`, stderr }).get(query.id), {
    status: 'known',
    readings: {
      'readable-by': {
        alice: { noReading: 'unknown', reason: 'it could not be looked at as alice: sh: 8: setpriv: not found' },
      },
    },
  });
  const nameless = ask(file, '/a', ['readable-by']);
  t.match(read(file, [nameless], { stdout: stat, stderr: '=followed\n' }).get(nameless.id), {
    readings: {
      'readable-by': { noReading: 'unknown', reason: 'it names no user: write `readable-by: { alice: true }`' },
    },
  });
});
