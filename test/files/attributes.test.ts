import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readAccessLists, readCapabilities, readImmutable } from '../../src/files/attributes.js';
import file from '../../src/resources/file.js';
import { ask, observe, shells } from '../run-script.js';

const can = (...words: readonly [string, ...string[]]) =>
  process.getuid?.() === 0 && spawnSync(words[0], words.slice(1)).error === undefined;
const skip =
  (can('setcap', '-h') && can('setfacl', '-h') && can('lsattr', '/')) || 'needs root, setcap, setfacl, lsattr';

t.test('of real files', { skip: skip === true ? false : skip }, async (t) => {
  const folder = t.testdir({ plain: '', "it's ü": '', folder: {} });
  const at = (name: string) => join(folder, name);
  copyFileSync('/bin/true', at('program'));
  symlinkSync('program', at('link'));
  execFileSync('setcap', ['cap_net_raw,cap_net_admin=ep', at('program')]);
  execFileSync('setfacl', ['-m', 'u:nobody:r,g:daemon:rw', at("it's ü")]);
  execFileSync('setfacl', ['-m', 'd:u:nobody:rx', at('folder')]);
  const wanted = ['capabilities', 'acl', 'immutable'];
  const names = ['plain', 'program', 'link', "it's ü", 'folder', 'none'];
  const queries = [...names.map(at), '/proc/version'].map((path) => ask(file, path, wanted));
  const caps = ['cap_net_admin=ep', 'cap_net_raw=ep'];
  const ofLists = { status: 'known', readings: { capabilities: [], acl: ['group:daemon:rw-', 'user:nobody:r--'] } };
  const defaults = ['default:group::r-x', 'default:mask::r-x', 'default:other::r-x', 'default:user::rwx'];
  for (const shell of shells) {
    const observations = observe(file, queries, shell);
    const [plain, program, link, odd, dir, none, proc] = queries.map((query) => observations.get(query.id));
    t.match(plain, { readings: { capabilities: [], acl: [] } }, shell.join(' '));
    t.match(program, { readings: { capabilities: caps, acl: [] } });
    t.match(link, { readings: { capabilities: caps, acl: [] } }, 'the end of a link');
    t.match(odd, ofLists);
    t.match(dir, { readings: { capabilities: [], acl: [...defaults, 'default:user:nobody:r-x'] } });
    t.strictSame(none, { status: 'absent', reason: 'no such file or directory' });
    t.match(proc, {
      readings: { immutable: { noReading: 'unknown', reason: 'its file system has no such attributes' } },
    });
  }
});

t.test('getcap', async (t) => {
  const none = { noReading: 'unknown' };
  const cases: readonly [string, readonly string[], string, readonly string[], unknown][] = [
    ['new', ['/a b'], '/a b cap_net_raw=ep', [], ['cap_net_raw=ep']],
    ['old', ['/a'], '/a = cap_net_admin,cap_net_raw+ep', [], ['cap_net_admin=ep', 'cap_net_raw=ep']],
    ['clauses', ['/a'], '/a cap_chown=i cap_net_raw=ep', [], ['cap_chown=i', 'cap_net_raw=ep']],
    ['all', ['/a'], '/a =ep', [], ['all=ep']],
    ['none', ['/a'], '', [], []],
    ['a name that is the beginning of another', ['/a', '/a b'], '/a b cap_chown=p', [], []],
    ['words that are none', ['/a'], '/a cap_chown=ep [rootid=100]', [], none],
    ['a stray line', ['/a'], '/etc/x cap_chown=ep', [], none],
    ['no tool', ['/a'], '', ['getcap is missing (libcap)'], none],
    ['a line break in a name', ['/a', '/b\n/a cap_chown=ep'], '', [], none],
  ];
  for (const [name, paths, text, said, expected] of cases) {
    const read = readCapabilities(paths, text, said);
    t.match('noReading' in read ? read : (read.get('/a') ?? read.get('/a b')), expected, name);
  }
  t.strictSame(readCapabilities(['/a'], '', ['getcap is missing (libcap)']), {
    noReading: 'unknown',
    reason: 'the capabilities could not be read: getcap is missing (libcap)',
  });
});

t.test('lsattr', async (t) => {
  const said = [
    'lsattr: Operation not supported While reading flags on /run/x',
    'lsattr: Permission denied While reading flags on /secret',
  ];
  const text = '----i---------e------- /etc/a\n--------------e------- /etc/b c\n';
  const read = readImmutable(['/etc/a', '/etc/b c', '/run/x', '/secret', '/lost'], text, said);
  t.strictSame(read instanceof Map && Object.fromEntries(read), {
    '/etc/a': true,
    '/etc/b c': false,
    '/run/x': { noReading: 'unknown', reason: 'its file system has no such attributes' },
    '/secret': { noReading: 'unknown', reason: `its attributes could not be read: ${said[1]}` },
    '/lost': { noReading: 'unknown', reason: 'lsattr gave no answer' },
  });
  t.strictSame(readImmutable(['/etc/a'], '', ['lsattr is missing (e2fsprogs)']), {
    noReading: 'unknown',
    reason: 'the attributes could not be read: lsattr is missing (e2fsprogs)',
  });
});

t.test('getfacl', async (t) => {
  const text = `# file: /a\\012b\\\\c
# owner: root
# group: root
# flags: -s-
user::rw-
user:nobody:r--
group::r--
mask::r--
other::r--
default:user::rwx

# file: /plain
user::rw-
group::r--
other::r--

# file: /broken
`;
  t.strictSame(Object.fromEntries(readAccessLists(text)), {
    '/a\nb\\c': ['default:user::rwx', 'user:nobody:r--'],
    '/plain': [],
  });
});
