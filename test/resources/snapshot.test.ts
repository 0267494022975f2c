import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import snapshot from '../../src/resources/snapshot.js';
import { ask, observe, read, runScript, shellProbes, shells } from '../run-script.js';

const everything = Object.keys(snapshot.properties);
const now = Date.parse('2026-11-23T05:00:00Z') / 1000;
const btrfs = (point: string, id: number, root: string, device = '/dev/vda') =>
  `385 27 0:76 ${root} ${point} rw,relatime - btrfs ${device} rw,discard=async,subvolid=${id},subvol=${root}`;
const table = [
  btrfs('/', 5, '/'),
  btrfs('/home', 256, '/@home'),
  btrfs('/new', 257, String.raw`/we\040ird`),
  btrfs('/odd', 300, '/@gone'),
  btrfs('/other', 256, '/x', '/dev/vdb'),
  '29 25 0:23 / /boot rw - vfat /dev/vda1 rw',
  '30 25 0:24 / /data rw - zfs tank/data rw,xattr,noacl',
  '31 25 0:25 / /none rw - zfs tank/none rw',
].join('\n');
const [home, ird, top] = [
  '7e11db00-eb1f-bf48-9325-927448f038c7',
  '45b64efb-af8a-0343-a570-643bf6661600',
  '822b25af-2e6b-4bef-a2ae-1e47ebf66b64',
];
const own = '5dc12786-a646-1c4f-813b-93751fb3b47e';
/** As btrfs-progs 6.2 told it on a file system made for this, but for the times. */
const told = `=of /
ID 256 gen 8 top level 5 uuid ${home} path @home
ID 257 gen 7 top level 5 uuid ${ird} path we ird
ID 258 gen 10 top level 5 uuid ${own} path snaps/home-1
=subvolumes 0
ID 259 gen 8 cgen 8 top level 5 otime 2026-11-23 04:30:00 parent_uuid ${home} uuid 9e36a1ee-eb75-c442-b84a-c27147ac6c64 path snaps/home 2
ID 258 gen 10 cgen 7 top level 5 otime 2026-11-22 04:30:00 parent_uuid ${home} uuid ${own} path <FS_TREE>/snaps/home-1
ID 260 gen 9 cgen 9 top level 5 otime 2026-11-23 04:59:30 parent_uuid ${top} uuid 55769f8a-baef-1b40-975a-a4d5211ef4e3 path snaps/top
ID 261 gen 10 cgen 10 top level 5 otime 2026-11-23 04:59:50 parent_uuid ${own} uuid 42832dfc-7356-d74f-ba03-a8bc1be2be2d path snaps/of-snap
=snapshots 0
=of /other
ERROR: can't perform the search: Operation not permitted
=subvolumes 1
ERROR: can't perform the search: Operation not permitted
=snapshots 1
=of /
/
\tName: \t\t\t<FS_TREE>
\tUUID: \t\t\t${top}
\tParent UUID: \t\t-
\tSnapshot(s):
\t\t\t\tsnaps/top
=top 0
`;
const zfs = `cannot open 'tank/nope': dataset does not exist
tank/data\t1795400000
tank/data@daily 1\t${now - 86_400}
tank/data@hourly\t${now - 600}
tank/data@also-hourly\t${now - 600}
tank/data/below\t1795400000
tank/data/below@x\t${now - 5}
tank/none\t1795400000
`;

function look(subject: string, changes: { stdout?: string } = {}) {
  const query = ask(snapshot, subject, everything);
  const { stdout = `${table}\n=now ${now}\n${told}${zfs}=end\n` } = changes;
  const found = read(snapshot, [query], { stdout }).get(query.id);
  return found?.status === 'known' ? found.readings : found;
}

const absent = (reason: string) => ({ status: 'absent', reason });
const unknown = (reason: string) => ({ status: 'unknown', reason });
const allUnknown = (filesystem: string, reason: string) => {
  const none = { noReading: 'unknown', reason };
  return { filesystem, count: none, newest: none, names: none, 'newest-age': none };
};
const nothing = { noReading: 'absent', reason: 'there is no snapshot' };
const empty = (filesystem: string) => ({ filesystem, count: 0, names: [], newest: nothing, 'newest-age': nothing });

t.test('subjects', async (t) => {
  for (const good of ['/', '/home', '/srv/a b', 'tank', 'tank/home', 'tank/a b/c:d_e.f-1'])
    t.match(good, snapshot.subject.pattern, good);
  for (const bad of ['', '//x', '/a/../b', 'tank/', '/a//b', 'tank//x', 'tank@x', '-tank', 'tank/\n', '1tank'])
    t.notMatch(bad, snapshot.subject.pattern, bad);
  t.equal(snapshot.subject.normalize?.('/home/'), '/home');
});

t.test('what is told', async (t) => {
  for (const [subject, expected] of [
    [
      '/home',
      {
        filesystem: 'btrfs',
        count: 2,
        names: ['snaps/home-1', 'snaps/home 2'],
        newest: 'snaps/home 2',
        'newest-age': 1800,
      },
    ],
    ['/', { filesystem: 'btrfs', count: 1, names: ['snaps/top'], newest: 'snaps/top', 'newest-age': 30 }],
    ['/new', empty('btrfs')],
    ['/odd', allUnknown('btrfs', 'its subvolume has no UUID by which its snapshots could be told')],
    ['/other', allUnknown('btrfs', 'btrfs tells of subvolumes to root only: connect as root or set `sudo: true`')],
    [
      '/data',
      {
        filesystem: 'zfs',
        count: 3,
        names: ['daily 1', 'hourly', 'also-hourly'],
        newest: 'also-hourly',
        'newest-age': 600,
      },
    ],
    ['tank/data', { filesystem: 'zfs', count: 3, newest: 'also-hourly' }],
    ['tank/data/below', { count: 1, newest: 'x' }],
    ['tank/none', empty('zfs')],
    ['/none', empty('zfs')],
    ['tank/nope', absent('there is no data set tank/nope')],
    ['/boot', absent('a file system of type vfat has no snapshots, only btrfs and ZFS have')],
    ['/nowhere', absent('nothing is mounted on /nowhere')],
  ] as const) {
    t.match(look(subject), expected, subject);
  }
});

t.test('what is not told', async (t) => {
  const ended = (text: string) => ({ stdout: `${table}\n=now ${now}\n${text}=end\n` });
  for (const [subject, text, expected] of [
    ['/home', '=missing btrfs\n', allUnknown('btrfs', 'btrfs is missing (btrfs-progs)')],
    ['/home', '', allUnknown('btrfs', 'btrfs was not asked')],
    [
      '/home',
      '=of /\nERROR: cannot open\n=subvolumes 1\n=snapshots 0\n',
      allUnknown('btrfs', 'btrfs gave no answer: ERROR: cannot open'),
    ],
    [
      'tank/data',
      '=missing zfs\nxargs: zfs: No such file\n',
      unknown('zfs is missing (NixOS: boot.supportedFilesystems.zfs)'),
    ],
    ['/data', '=missing zfs\n', allUnknown('zfs', 'zfs is missing (NixOS: boot.supportedFilesystems.zfs)')],
    [
      'tank/data',
      'The ZFS modules are not loaded.\nTry running modprobe.\n',
      unknown('zfs gave no answer: The ZFS modules are not loaded.'),
    ],
    [
      'tank/data',
      "cannot open 'tank/data': I/O error\n",
      unknown("zfs gave no answer: cannot open 'tank/data': I/O error"),
    ],
    ['tank/data', '', unknown('zfs gave no answer: it told nothing')],
    [
      'tank/data',
      `tank/data\t1\ntank/data@later\t${now + 60}\n`,
      {
        count: 1,
        'newest-age': { noReading: 'unknown', reason: 'later was made later than now: was the clock set back?' },
      },
    ],
    [
      'tank/data',
      'tank/data\t1\ntank/data@x\t-\n',
      { newest: 'x', 'newest-age': { noReading: 'unknown', reason: 'when x was made was not told' } },
    ],
  ] as const) {
    t.match(look(subject, ended(text)), expected, `${subject} ${JSON.stringify(text)}`);
  }
  for (const stdout of ['', table, `${table}\n=now ${now}\n${told}${zfs}`]) {
    t.same(look('/home', { stdout }), unknown('the snapshots were not told to their end'));
  }
});

t.test('what is asked: each btrfs once, all data sets at once', async (t) => {
  const folder = t.testdir({ table: `${table}\n` });
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['btrfs', 'zfs']) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>${folder}/calls\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const subjects = ['/', '/home', '/new', '/other', '/boot', '/data', '/nowhere', 'tank/x y', "/a'b"];
  const [probe, ...more] = shellProbes(
    snapshot,
    subjects.map((subject) => ask(snapshot, subject, everything)),
  );
  t.equal(more.length, 0);
  const script = probe?.script.raw.replaceAll('/proc/self/mountinfo', join(folder, 'table')) ?? '';
  for (const shell of shells) {
    writeFileSync(join(folder, 'calls'), '');
    const output = runScript(script, shell, { PATH: `${bin}:${process.env.PATH}` });
    t.equal(output.stderr.toString(), '');
    const calls = runScript(`sort ${folder}/calls`).stdout.toString().trim().split('\n');
    const path =
      calls
        .find((call) => call.includes('show'))
        ?.split(' ')
        .at(-1) ?? '';
    t.equal(path, '/');
    t.equal(calls.filter((call) => call.startsWith('btrfs')).length, 5, 'two for each of two, and one for the top');
    t.ok(calls.includes('btrfs subvolume list -a -u -- /other'), shell.join(' '));
    t.equal(
      calls.at(-1),
      'zfs list -H -p -t filesystem,volume,snapshot -d 1 -s creation -o name,creation tank/data tank/x y',
    );
  }
});

t.test('a real btrfs', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-btrfs-'));
  t.teardown(() => spawnSync('sh', ['-c', `umount ${folder}/home ${folder}/mnt; rm -r ${folder}`]));
  const make = `cd ${folder} && chmod 755 . && mkdir mnt home && truncate -s 120M image && mkfs.btrfs -q image && mount -o loop image mnt && cd mnt &&
    btrfs -q subvolume create @home && mkdir snaps && btrfs -q subvolume snapshot -r @home 'snaps/a b' &&
    btrfs -q subvolume snapshot -r @home snaps/later && btrfs -q subvolume snapshot -r . snaps/top &&
    mount -o loop,subvol=@home ../image ../home`;
  const made = spawnSync('sh', ['-c', make], { encoding: 'utf8' });
  if (made.status !== 0) return t.comment(`cannot be had here: ${made.stderr.trim()}`);
  const paths = [join(folder, 'home'), join(folder, 'mnt'), '/proc'];
  for (const shell of shells) {
    const queries = paths.map((path) => ask(snapshot, path, everything));
    const found = observe(snapshot, queries, shell);
    const [ofHome, ofTop, ofProc] = queries.map(({ id }) => found.get(id));
    t.match(ofHome, {
      readings: { filesystem: 'btrfs', count: 2, names: ['snaps/a b', 'snaps/later'], newest: 'snaps/later' },
    });
    const age = ofHome?.status === 'known' ? Number(ofHome.readings['newest-age']) : Number.NaN;
    t.ok(age >= 0 && age < 60, `${age} s`);
    t.match(ofTop, { readings: { count: 1, newest: 'snaps/top' } });
    t.match(ofProc, { status: 'absent' });
    const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...shell];
    const [denied] = observe(snapshot, queries.slice(0, 1), asNobody).values();
    t.match(denied, { readings: { filesystem: 'btrfs', count: { noReading: 'unknown', reason: /to root only/ } } });
  }
});
