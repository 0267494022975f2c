import { statfsSync } from 'node:fs';
import t from 'tap';
import mount from '../../src/resources/mount.js';
import { ask, observe, read, runScript, shellProbes, shells } from '../run-script.js';

/** proc_pid_mountinfo(5), with what confuses: optional fields, spaces, an empty source, mounts over mounts. */
const table = String.raw`25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
26 25 0:20 / /srv/a\040b\134c rw,nosuid shared:2 master:1 - tmpfs we\040ird# rw,size=1024k
27 25 0:21 / /over rw - tmpfs one rw
28 27 0:22 / /over ro,noexec - ramfs two rw
29 25 0:23 / /nix/store ro,relatime - ext4 /dev/vda rw
30 25 0:24 / /empty rw - tmpfs  rw
31 25 0:25 / /net rw - autofs systemd-1 rw,fd=50
32 25 0:26 / /data rw - nfs4 nas:/data rw,vers=4.2
33 25 0:27 / /proc rw - proc proc rw
34 25 0:28 / /btrfs rw - btrfs /dev/vdb rw,subvol=/a
35 25 0:29 / /denied rw - ext4 /dev/vdc rw
`;
const usages = [
  ['/', 4096, 1000, 400, 350, 200, 100],
  ['/proc', 4096, 0, 0, 0, 0, 0],
  ['/btrfs', 4096, 10, 10, 10, 0, 0],
  ['/nix/store', 512, 3, 1, 0, 3, 1],
].map((words) => `${words.join('\0')}\0`);
const stderr =
  "stat: cannot read file system information for '/denied': Permission denied\nstat: cannot read file system information for '/x': No";

function look(path: string, wanted: readonly string[], stdout = `${table}=end\n${usages.join('')}`) {
  const query = ask(mount, path, wanted);
  const observation = read(mount, [query], { stdout, stderr }).get(query.id);
  return observation?.status === 'known' ? observation.readings : observation;
}

t.test('subjects', async (t) => {
  for (const path of ['/', '/nix/store', '/srv/a b', '/a/..b']) t.match(path, mount.subject.pattern, path);
  for (const path of ['', 'nix', '//x', '/a//b', '/a/../b', '/a/.', './a'])
    t.notMatch(path, mount.subject.pattern, path);
  t.equal(mount.subject.normalize?.('/mnt/'), '/mnt');
  t.equal(mount.subject.normalize?.('/'), '/');
});

t.test('what the kernel says', async (t) => {
  for (const [path, expected] of [
    ['/', { source: '/dev/vda', filesystem: 'ext4', options: ['errors=remount-ro', 'relatime', 'rw'] }],
    ['/srv/a b\\c', { source: 'we ird#', filesystem: 'tmpfs', options: ['nosuid', 'rw', 'size=1024k'] }],
    ['/over', { source: 'two', filesystem: 'ramfs', options: ['noexec', 'ro'] }],
    ['/nix/store', { source: '/dev/vda', filesystem: 'ext4', options: ['relatime', 'ro'] }],
    ['/empty', { source: '', filesystem: 'tmpfs', options: ['rw'] }],
    ['/net', { source: 'systemd-1', filesystem: 'autofs', options: ['fd=50', 'rw'] }],
    ['/data', { source: 'nas:/data', filesystem: 'nfs4', options: ['rw', 'vers=4.2'] }],
    ['/nope', { status: 'absent', reason: 'nothing is mounted on /nope' }],
    ['/srv', { status: 'absent', reason: 'nothing is mounted on /srv' }],
  ] as const) {
    t.same(look(path, ['source']), expected, path);
  }
});

t.test('usage, as df has it', async (t) => {
  const absent = (reason: string) => ({ noReading: 'absent', reason });
  const unknown = (reason: string) => ({ noReading: 'unknown', reason });
  const allUnknown = (reason: string) => ({
    usage: unknown(reason),
    size: unknown(reason),
    free: unknown(reason),
    'inodes-used': unknown(reason),
  });
  const noInodes = (type: string) => absent(`a file system of type ${type} does not count inodes`);
  const noSize = absent('a file system of type proc has no size');
  for (const [path, expected] of [
    ['/', { usage: 64, size: 1000 * 4096, free: 350 * 4096, 'inodes-used': 50 }],
    ['/nix/store', { usage: 100, size: 3 * 512, free: 0, 'inodes-used': 67 }],
    ['/btrfs', { usage: 0, size: 40_960, free: 40_960, 'inodes-used': noInodes('btrfs') }],
    ['/proc', { usage: noSize, size: noSize, free: noSize, 'inodes-used': noInodes('proc') }],
    ['/data', allUnknown('the file system did not tell its usage within 5 s')],
    ['/net', allUnknown('asking would mount it: it is an automount that has not been used yet')],
    ['/denied', allUnknown("its usage could not be read: '/denied': Permission denied")],
  ] as const) {
    const { usage, size, free, 'inodes-used': inodes } = look(path, ['usage']) as Record<string, unknown>;
    t.same({ usage, size, free, 'inodes-used': inodes }, expected, path);
  }
});

t.test('a broken answer is no answer', async (t) => {
  const cut = { status: 'unknown', reason: 'the mount table was not told to its end' };
  t.same(look('/', ['source'], ''), cut);
  t.same(look('/', ['source'], table), cut);
  for (const rest of ['/\x004096\x00', '/\x004096\0x\0y\x001\x001\x001\0', '/\x00\x00\x00\x00\x00\x00\x00']) {
    t.match(look('/', ['usage'], `${table}=end\n${rest}`), { source: '/dev/vda', usage: { noReading: 'unknown' } });
  }
});

t.test('the table alone is one process, and usage is asked only where it is wanted', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(mount, `/mnt/${at}`, ['source', 'options']));
  const [probe, ...more] = shellProbes(mount, queries);
  t.equal(more.length, 0);
  t.equal(probe?.script.raw, 'cat /proc/self/mountinfo || exit\necho =end');
});

t.test('the plan: which file systems are asked together, which on their own, which not at all', async (t) => {
  // The table and the tools are stand-ins; what is real is the shell and awk.
  const paths = ['/', '/nope', '/srv/a b\\c', '/net', '/data', '/data/inner', '/over'];
  const script = shellProbes(
    mount,
    paths.map((path) => ask(mount, path, ['usage'])),
  )[0]?.script.raw;
  const fakes = t.testdir({
    table: `${table}36 32 0:30 / /data/inner rw - tmpfs x rw\n`,
    stat: '#!/bin/sh\nshift 4\nfor path; do printf "%s\\0001\\00010\\0005\\0005\\0004\\0002\\000" "$path"; done\n',
  });
  const faked = `stat() { sh ${fakes}/stat "$@"; }\ntimeout() { shift 3; "$@"; }\n${script?.replaceAll('/proc/self/mountinfo', `${fakes}/table`)}`;
  for (const shell of shells) {
    const output = runScript(faked, shell);
    t.equal(output.exit, 0, output.stderr.toString());
    const records = output.stdout
      .toString()
      .split('=end\n')[1]
      ?.split('\0')
      .filter((word) => word.startsWith('/'));
    // The local ones first, together; then each of the others.
    t.same(records, ['/', '/srv/a b\\c', '/over', '/data', '/data/inner'], shell.join(' '));
  }
});

t.test('the real root, in every shell', async (t) => {
  const { blocks, bfree, bavail } = statfsSync('/');
  const expected = Math.ceil(((blocks - bfree) * 100) / (blocks - bfree + bavail));
  for (const shell of shells) {
    const query = ask(mount, '/', ['usage', 'source']);
    const gone = ask(mount, "/no'where $(id)", ['usage']);
    const observations = observe(mount, [query, gone], shell);
    const readings = observations.get(query.id);
    if (readings?.status !== 'known') return t.fail(JSON.stringify(readings));
    t.ok(Math.abs(Number(readings.readings.usage) - expected) <= 1, `${JSON.stringify(readings.readings)} ${expected}`);
    t.match(observations.get(gone.id), { status: 'absent' });
  }
});
