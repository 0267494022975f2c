import type { Script } from './model.js';
import { escapePath, type Mount, readMounts } from './mount-table.js';
import { joinScripts, sh } from './shell/sh.js';

/** One snapshot. */
export interface Snapshot {
  /** Of ZFS what stands behind the @, of btrfs its path in the file system. */
  readonly name: string;
  /** When it was made, in epoch seconds; undefined where that is not told. */
  readonly time?: number;
}

/** Snapshots in the order in which they were made, or why they are not known. */
export type Found =
  | { readonly snapshots: readonly Snapshot[] }
  | { readonly absent: string }
  | { readonly unknown: string };

/** Which btrfs file systems and which data sets of ZFS hold the mount points; each file system once. */
const planLooks = String.raw`function plain(text, out) {
  while (match(text, /\\[0-7][0-7][0-7]/)) {
    out = out substr(text, 1, RSTART - 1) sprintf("%c", substr(text, RSTART + 1, 1) * 64 + substr(text, RSTART + 2, 1) * 8 + substr(text, RSTART + 3, 1))
    text = substr(text, RSTART + 4)
  }
  return out text
}
NR == FNR { wanted[$0]; next }
{
  for (i = 7; i < NF && $i != "-"; i++);
  type[$5] = $(i + 1); source[$5] = $(i + 2); top[$5] = ("," $(i + 3) ",") ~ /,subvolid=5,/
}
END {
  for (path in wanted) {
    if (!(path in type) || (path source[path]) ~ /\\012/) continue
    if (type[path] == "zfs") print "zfs " plain(source[path])
    if (type[path] == "btrfs" && !(source[path] in seen)) { seen[source[path]]; print "btrfs " plain(path) }
    if (type[path] == "btrfs" && top[path] && !(source[path] in tops)) { tops[source[path]]; print "top " plain(path) }
  }
}`;

/**
 * The mount table, then what btrfs and ZFS tell: two or three processes for each btrfs file system, one for all data sets.
 * A name of btrfs may hold a newline and so pretend to be a line of its own; who may make such a name may make snapshots.
 */
export function listSnapshots(paths: readonly string[], dataSets: readonly string[]): Script {
  return joinScripts([
    sh`cat /proc/self/mountinfo || exit
echo "=now $(date +%s)"
export TZ=UTC`,
    paths.length === 0
      ? sh`plan=`
      : sh`plan=$(printf '%s\n' ${paths.map(escapePath)} | awk ${planLooks} - /proc/self/mountinfo) || exit`,
    sh`look() { printf '%s\n' "$plan" | sed -n "s/^$1 //p"; }
command -v btrfs >/dev/null || echo =missing btrfs
look btrfs | while IFS= read -r path; do
  printf '=of %s\n' "$path"
  btrfs subvolume list -a -u -- "$path" 2>&1; echo "=subvolumes $?"
  btrfs subvolume list -a -s -q -u -- "$path" 2>&1; echo "=snapshots $?"
done
look top | while IFS= read -r path; do
  printf '=of %s\n' "$path"
  btrfs subvolume show -- "$path" 2>&1; echo "=top $?"
done`,
    sh`command -v zfs >/dev/null || echo =missing zfs
{ look zfs; ${dataSets.length === 0 ? sh`:` : sh`printf '%s\n' ${dataSets}`}; } | sort -u | tr '\n' '\0' |
  xargs -0 -r zfs list -H -p -t filesystem,volume,snapshot -d 1 -s creation -o name,creation 2>&1
echo =end`,
  ]);
}

/** What the script told. */
export interface Told {
  readonly mounts: ReadonlyMap<string, Mount>;
  /** The target's clock, in epoch seconds. */
  readonly now: number;
  readonly missing: ReadonlySet<string>;
  /** By the device of the file system. */
  readonly btrfs: ReadonlyMap<string, Btrfs>;
  readonly zfs: readonly string[];
}

interface Btrfs {
  readonly subvolumes: readonly string[];
  readonly snapshots: readonly string[];
  readonly top: readonly string[];
  /** What was said by a command that failed. */
  readonly failure?: string;
}

/** Undefined where the answer has no end. */
export function readTold(text: string): Told | undefined {
  const start = text.search(/^=now /m);
  if (start < 0 || !text.endsWith('\n=end\n')) return undefined;
  const mounts = readMounts(text.slice(0, start));
  const missing = new Set<string>();
  const btrfs = new Map<string, Btrfs>();
  let now = Number.NaN;
  let device = '';
  let lines: string[] = [];
  for (const line of text.slice(start, -'=end\n'.length).split('\n')) {
    const [, word = '', value = ''] = /^=(now|missing|of|subvolumes|snapshots|top) (.*)$/.exec(line) ?? [];
    if (word === 'now') now = Number(value);
    else if (word === 'missing') missing.add(value);
    else if (word === 'of') device = mounts.get(value)?.source ?? '';
    else if (word === '') lines.push(line);
    if (word === 'subvolumes' || word === 'snapshots' || word === 'top') {
      const before = btrfs.get(device) ?? { subvolumes: [], snapshots: [], top: [] };
      const failure = value === '0' ? before.failure : (lines[0] ?? `exit status ${value}`);
      btrfs.set(device, { ...before, [word]: lines, ...(failure !== undefined && { failure }) });
    }
    if (word !== '') lines = [];
  }
  return { mounts, now, missing, btrfs, zfs: lines.filter(Boolean) };
}

/** The snapshots of the subvolume that is mounted. */
export function findBtrfsSnapshots(mount: Mount, told: Told): Found {
  if (told.missing.has('btrfs')) return { unknown: 'btrfs is missing (btrfs-progs)' };
  const all = told.btrfs.get(mount.source);
  if (!all) return { unknown: 'btrfs was not asked' };
  if (all.failure !== undefined) return { unknown: explainBtrfs(all.failure) };
  const id = mount.options.find((option) => option.startsWith('subvolid='))?.slice('subvolid='.length);
  const uuid = id === '5' ? readTopUuid(all.top) : readUuid(all.subvolumes, id ?? '');
  if (uuid === undefined) return { unknown: 'its subvolume has no UUID by which its snapshots could be told' };
  return { snapshots: inOrder(all.snapshots.flatMap((line) => readBtrfsLine(line, uuid))) };
}

function explainBtrfs(said: string): string {
  if (!/Operation not permitted|Permission denied/.test(said)) return `btrfs gave no answer: ${said.slice(0, 300)}`;
  return 'btrfs tells of subvolumes to root only: connect as root or set `sudo: true`';
}

function readUuid(lines: readonly string[], id: string): string | undefined {
  for (const line of lines) {
    const [, number, uuid] = /^ID (\d+) gen \d+ top level \d+ uuid ([0-9a-f-]{36}) path /.exec(line) ?? [];
    if (number === id) return uuid;
  }
  return undefined;
}

function readTopUuid(lines: readonly string[]): string | undefined {
  return lines.flatMap((line) => /^\s+UUID:\s+([0-9a-f-]{36})$/.exec(line)?.[1] ?? [])[0];
}

/** btrfs-subvolume(8). Times are of the target's zone, which the script sets to UTC. */
function readBtrfsLine(line: string, parent: string): Snapshot[] {
  const [, time, parentUuid, path] =
    /^ID \d+ gen \d+ cgen \d+ top level \d+ otime (\S+ \S+|-) parent_uuid (\S+)\s+uuid \S+\s+path (.*)$/.exec(line) ??
    [];
  if (time === undefined || path === undefined || parentUuid !== parent) return [];
  const seconds = Date.parse(`${time.replace(' ', 'T')}Z`) / 1000;
  return [{ name: path.replace(/^<FS_TREE>\//, ''), ...(Number.isNaN(seconds) ? {} : { time: seconds }) }];
}

/** Of a data set; those of the data sets below it are not among them. */
export function findZfsSnapshots(dataSet: string, told: Told): Found {
  if (told.missing.has('zfs')) return { unknown: 'zfs is missing (NixOS: boot.supportedFilesystems.zfs)' };
  const rows = told.zfs.map((line) => line.split('\t'));
  if (!rows.some(([name, time]) => name === dataSet && time !== undefined)) return explainZfs(dataSet, told.zfs);
  return {
    snapshots: inOrder(
      rows.flatMap(([name = '', time]) =>
        name.startsWith(`${dataSet}@`) && time !== undefined
          ? [{ name: name.slice(dataSet.length + 1), ...(/^\d+$/.test(time) && { time: Number(time) }) }]
          : [],
      ),
    ),
  };
}

function explainZfs(dataSet: string, lines: readonly string[]): Found {
  const own = lines.find((line) => line.startsWith(`cannot open '${dataSet}': `));
  if (own !== undefined && /does not exist|no such pool/.test(own))
    return { absent: `there is no data set ${dataSet}` };
  const said = own ?? lines.find((line) => !line.includes('\t')) ?? 'it told nothing';
  return { unknown: `zfs gave no answer: ${said.slice(0, 300)}` };
}

/** Of those made in one second the one that was listed last is the newest. */
function inOrder(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  return [...snapshots].sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
}
