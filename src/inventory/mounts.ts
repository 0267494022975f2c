import type { InventoryChange, InventoryMount, InventorySection } from '../inventory-model.js';
import { readMounts } from '../mount-table.js';
import { type Section, section } from '../shell/sections.js';
import { sh } from '../shell/sh.js';
import { explainNoAnswer, known, unknown } from './bounded.js';

export const askForMounts = section('mounts', sh`cat /proc/self/mountinfo`);

/** Reads what `askForMounts` printed. */
export function readInventoryMounts(
  sections: ReadonlyMap<string, Section>,
): InventorySection<readonly InventoryMount[]> {
  const section = sections.get('mounts');
  const reason = explainNoAnswer('the mount table', section);
  if (reason !== undefined || !section) return unknown(reason ?? 'the mount table gave no answer');
  const table = readMounts(section.lines.join('\n'));
  const mounts = [...table].filter(([point, { filesystem }]) => !comesAndGoes(point, filesystem));
  if (mounts.length === 0) return unknown('the mount table holds no file system');
  return known(
    mounts
      .map(([point, { source, filesystem, options }]) => ({
        point,
        source: dropPassword(source),
        filesystem,
        options: options.filter((option) => ['ro', 'noexec', 'nosuid', 'nodev'].includes(option)),
      }))
      .sort((a, b) => (a.point < b.point ? -1 : 1)),
  );
}

/** File systems of the kernel itself. */
const ofKernel = new Set(
  (
    'binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs proc pstore ' +
    'rpc_pipefs securityfs selinuxfs sysfs tracefs'
  ).split(' '),
);

/** Below these, mounts come and go with services, users, containers and network namespaces. */
const busyFolders = [
  '/proc /sys /dev /run/user /run/credentials /run/systemd /run/netns /run/host /run/docker /run/containerd',
  '/run/containers /run/k3s /run/lock /var/lib/docker /var/lib/containers /var/lib/containerd /var/lib/kubelet',
  '/var/lib/machines /var/lib/rancher /snap',
].flatMap((line) => line.split(' '));

function comesAndGoes(point: string, filesystem: string): boolean {
  return ofKernel.has(filesystem) || busyFolders.some((folder) => point === folder || point.startsWith(`${folder}/`));
}

/** `https://user:password@host/share` of WebDAV and the like. */
function dropPassword(source: string): string {
  return source.replace(/\/\/[^/]*@/, '//');
}

export function compareMounts(before: readonly InventoryMount[], after: readonly InventoryMount[]): InventoryChange[] {
  const earlier = new Map(before.map((mount) => [mount.point, mount]));
  const later = new Map(after.map((mount) => [mount.point, mount]));
  const gone = before.filter(({ point }) => !later.has(point) && !isBelowAutomount(point, earlier));
  return [
    ...after.flatMap((mount) => {
      const other = earlier.get(mount.point);
      if (other) return compareMount(other, mount);
      return isBelowAutomount(mount.point, earlier) ? [] : [{ ...about('added', mount), after: describe(mount) }];
    }),
    ...gone.map((mount) => ({ ...about('removed', mount), before: describe(mount) })),
  ];
}

/** What an automount brings is there while it is used. */
function isBelowAutomount(point: string, mounts: ReadonlyMap<string, InventoryMount>): boolean {
  return [...mounts.values()].some(
    ({ filesystem, point: above }) => filesystem === 'autofs' && point.startsWith(`${above}/`),
  );
}

function about(kind: 'added' | 'removed' | 'changed', { point }: InventoryMount) {
  return { section: 'mounts' as const, kind, subject: point };
}

function compareMount(before: InventoryMount, after: InventoryMount): InventoryChange[] {
  // An automount that was, or was not yet, used.
  if (before.filesystem === 'autofs' || after.filesystem === 'autofs') return [];
  const fields = ['source', 'filesystem', 'options'] as const;
  return fields.flatMap((property) => {
    const [one, other] = [showField(before, property), showField(after, property)];
    const same = property === 'source' ? classOf(one) === classOf(other) : one === other;
    return same ? [] : [{ ...about('changed', after), property, before: one, after: other }];
  });
}

function showField(mount: InventoryMount, field: 'source' | 'filesystem' | 'options'): string {
  const value = field === 'options' ? mount.options.join(' ') : mount[field];
  return value === '' ? 'none' : value;
}

/** The kernel numbers devices in the order in which it finds them, another one after each boot. */
function classOf(source: string): string {
  return source
    .replace(/^\/dev\/([shv]d|xvd)[a-z]+(\d*)$/, '/dev/$1?$2')
    .replace(/^\/dev\/(dm-|loop|md|zram|sr)\d+$/, '/dev/$1?')
    .replace(/^\/dev\/nvme\d+n/, '/dev/nvme?n');
}

function describe({ source, filesystem, options }: InventoryMount): string {
  return [`${filesystem} of ${source}`, ...options].join(', ');
}
