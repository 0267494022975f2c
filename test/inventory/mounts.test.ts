import t from 'tap';
import { compareMounts, readInventoryMounts } from '../../src/inventory/mounts.js';
import type { InventoryMount } from '../../src/inventory-model.js';
import { readSections } from '../../src/shell/sections.js';

function read(table: string, exit = 0, said = '') {
  const stdout = Buffer.from(`${table}\n=mounts ${exit}\n`);
  return readInventoryMounts(readSections({ stdout, stderr: Buffer.from(`${said}\n=mounts ${exit}\n`) }));
}

t.test('what is mounted', async (t) => {
  const table = [
    '22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw',
    '23 22 0:5 / /proc rw - proc proc rw',
    '24 22 0:6 / /run/user/1000 rw - tmpfs tmpfs rw',
    '25 22 0:7 / /run/credentials/a.service ro - ramfs none rw',
    '26 22 0:8 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw',
    '27 22 0:4 net:[1] /run/netns/peer rw - nsfs nsfs rw',
    '28 22 0:9 / /run/secrets.d rw,nodev,nosuid - ramfs none rw',
    '29 22 0:10 / /srv/with\\040space rw,noexec - davfs https://me:secret@host/dav rw,uid=0',
    '30 22 0:11 / /boot rw - autofs systemd-1 rw,fd=5',
    '31 22 0:12 / /run/wrappers ro - tmpfs tmpfs rw',
  ].join('\n');
  t.same(read(table), {
    status: 'known',
    value: [
      { point: '/', source: '/dev/vda1', filesystem: 'ext4', options: [] },
      { point: '/boot', source: 'systemd-1', filesystem: 'autofs', options: [] },
      { point: '/run/secrets.d', source: 'none', filesystem: 'ramfs', options: ['nodev', 'nosuid'] },
      { point: '/run/wrappers', source: 'tmpfs', filesystem: 'tmpfs', options: ['ro'] },
      { point: '/srv/with space', source: 'https://host/dav', filesystem: 'davfs', options: ['noexec'] },
    ],
  });
});

t.test('could not look', async (t) => {
  t.same(readInventoryMounts(new Map()), { status: 'unknown', reason: 'the mount table was not run to its end' });
  t.same(read('', 1, 'cat: /proc/self/mountinfo: Permission denied'), {
    status: 'unknown',
    reason: 'the mount table gave no answer: cat: /proc/self/mountinfo: Permission denied',
  });
  t.same(read(''), { status: 'unknown', reason: 'the mount table holds no file system' });
});

t.test('comparing', async (t) => {
  const mount = (point: string, source = '/dev/sda1', filesystem = 'ext4', ...options: string[]): InventoryMount => ({
    point,
    source,
    filesystem,
    options,
  });
  const about = (kind: string, words: object) => ({ section: 'mounts', kind, subject: '/srv', ...words });
  for (const [name, before, after, expected] of [
    ['the same', [mount('/srv')], [mount('/srv')], []],
    ['new', [], [mount('/srv')], [about('added', { after: 'ext4 of /dev/sda1' })]],
    ['gone', [mount('/srv', 'nas:/srv', 'nfs4', 'ro')], [], [about('removed', { before: 'nfs4 of nas:/srv, ro' })]],
    [
      'read-only after an error',
      [mount('/srv')],
      [mount('/srv', '/dev/sda1', 'ext4', 'ro')],
      [about('changed', { property: 'options', before: 'none', after: 'ro' })],
    ],
    [
      'another share',
      [mount('/srv', 'nas:/a', 'nfs4')],
      [mount('/srv', 'nas:/b', 'nfs4')],
      [about('changed', { property: 'source', before: 'nas:/a', after: 'nas:/b' })],
    ],
    ['numbered anew after a boot', [mount('/srv', '/dev/sda1')], [mount('/srv', '/dev/sdb1')], []],
    ['loop devices', [mount('/srv', '/dev/loop3')], [mount('/srv', '/dev/loop12')], []],
    ['nvme', [mount('/srv', '/dev/nvme0n1p2')], [mount('/srv', '/dev/nvme1n1p2')], []],
    [
      'another partition',
      [mount('/srv', '/dev/sda1')],
      [mount('/srv', '/dev/sda2')],
      [about('changed', { property: 'source', before: '/dev/sda1', after: '/dev/sda2' })],
    ],
    ['an automount is used', [mount('/srv', 'systemd-1', 'autofs')], [mount('/srv')], []],
    ['what is below it', [mount('/srv', '-hosts', 'autofs')], [mount('/srv', '-hosts', 'autofs'), mount('/srv/a')], []],
    ['and no more', [mount('/srv', '-hosts', 'autofs'), mount('/srv/a')], [mount('/srv', '-hosts', 'autofs')], []],
  ] as const) {
    t.same(compareMounts(before, after), expected, name);
  }
});
