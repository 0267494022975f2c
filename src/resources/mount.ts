import type { NoReading, Observation, Query, Script, ShellOutput } from '../model.js';
import { escapePath, type Mount, readMounts } from '../mount-table.js';
import { absent, absentReading, defineResource, known, sameForAll, unknown, unknownReading } from '../resource.js';
import { joinScripts, sh } from '../shell/sh.js';

/** Seconds that a file system other than the usual local ones may take to tell its usage. */
const patience = 5;

export default defineResource({
  name: 'mount',
  summary: 'A mounted file system',
  subject: {
    summary: 'Mount point: an absolute path',
    example: '/nix/store',
    pattern: /^(?!.*\/\/)(?!.*\/\.{1,2}(\/|$))\//,
    mistake: 'a mount point is an absolute path without //, /./ and /../',
    normalize: (written) => (written.length > 1 ? written.replace(/\/$/, '') : written),
  },
  params: {},
  properties: {
    source: { type: 'string', summary: 'What is mounted: a device, a share, a label', example: '/dev/vda1' },
    filesystem: { type: 'string', summary: 'Type of the file system', example: 'ext4' },
    options: {
      type: 'list',
      summary: 'Options of the mount and of the file system, sorted',
      example: ['nodev', 'noexec', 'relatime', 'rw'],
    },
    usage: {
      type: 'percentage',
      summary: 'Space in use, as `df` shows it: of what is not reserved for root, rounded up',
      example: '80%',
      volatile: true,
    },
    size: { type: 'size', summary: 'Space in all', example: { ge: '20GiB' } },
    free: {
      type: 'size',
      summary: 'Space that other users than root can still fill',
      example: '10GiB',
      volatile: true,
    },
    'inodes-used': { type: 'percentage', summary: 'Inodes in use, rounded up', example: '50%', volatile: true },
  },
  needs: ['awk and cat, and coreutils for usage'],
  notes: `\
- Where several file systems are mounted over each other, the last one counts, as it is the one that is seen.
- An automount that has not been used yet is of type \`autofs\`. Asking for its usage would mount it, so that is unknown.
- A network or FUSE file system that does not tell its usage within ${patience} s makes that unknown, and nothing else.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForMounts(queries.filter(wantsUsage).map((query) => query.subject)),
      exits: [0],
      limit: Math.max(30, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 8 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, output),
    },
  ],
});

const usageProperties: readonly string[] = ['usage', 'size', 'free', 'inodes-used'];

function wantsUsage(query: Query): boolean {
  return usageProperties.some((property) => query.wanted.has(property));
}

/** Those whose usage is in this machine's memory or on its disks, so that asking for it does not wait for others. */
const localTypes =
  'bcachefs binfmt_misc bpf btrfs cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs erofs exfat ext2 ext3 ext4 ' +
  'f2fs fusectl hugetlbfs iso9660 jfs mqueue nilfs2 nsfs ntfs3 overlay proc pstore ramfs securityfs squashfs sysfs tmpfs ' +
  'tracefs udf vfat xfs zfs';

/** The mount table as the kernel has it, which waits for nobody; then the usage of some. */
function askForMounts(paths: readonly string[]): Script {
  const table = sh`cat /proc/self/mountinfo || exit
echo =end`;
  const unique = [...new Set(paths)];
  if (unique.length === 0) return table;
  return joinScripts([
    table,
    sh`set -- ${unique}
plan=$(printf '%s\n' ${unique.map(escapePath)} | awk -v types=${localTypes} ${planUsage} - /proc/self/mountinfo) || exit`,
    askForUsage,
  ]);
}

/**
 * Says for each path, by its number, which way its usage is asked: ` 1f 2s `. What lies below a file system that may hang
 * is asked the slow way too. Unused automounts are left alone.
 */
const planUsage = `BEGIN { count = split(types, names, " "); for (i = 1; i <= count; i++) fast[names[i]] }
NR == FNR { number[$0] = FNR; next }
{ for (i = 7; i < NF && $i != "-"; i++); type[$5] = $(i + 1) }
END {
  for (path in type) if (!(type[path] in fast)) far[path]
  printf " "
  for (path in number) {
    if (!(path in type) || type[path] == "autofs") continue
    way = path in far ? "s" : "f"
    for (above in far) if (index(path, above "/") == 1) way = "s"
    printf "%d%s ", number[path], way
  }
}`;

/**
 * One `stat -f` for all that are local, and for each other one its own, whose end is waited for so long and no longer.
 * These write to files, because one that hangs for good, which not even KILL ends, would keep a pipe open.
 */
const askForUsage = sh`usage() { stat -f --printf '%n\0%S\0%b\0%f\0%a\0%c\0%d\0' -- "$@"; }
n=0 d= slow=
for path; do
  n=$((n + 1))
  shift
  case $plan in *" $n"f*) set -- "$@" "$path" ;; *" $n"s*)
    [ -n "$d" ] || d=$(mktemp -d) || exit
    slow="$slow $n"
    (
      timeout -s KILL ${patience} stat -f --printf '%n\0%S\0%b\0%f\0%a\0%c\0%d\0' -- "$path" >"$d/$n" 2>"$d/$n.said"
      : >"$d/$n.done"
    ) >/dev/null 2>&1 &
  esac
done
[ $# -eq 0 ] || usage "$@"
[ -n "$d" ] || exit 0
for pause in 0.01 0.02 0.05 0.1 0.2 0.5 1 1 1 1 1 0; do
  left=
  for n in $slow; do [ -e "$d/$n.done" ] || left=1; done
  [ -n "$left" ] || break
  sleep $pause
done
for n in $slow; do
  [ ! -e "$d/$n.done" ] || cat "$d/$n"
  cat "$d/$n.said" >&2
done
rm -rf "$d"`;

/** In blocks of so many bytes: statfs(2). */
interface Usage {
  readonly blockSize: number;
  readonly blocks: number;
  readonly free: number;
  readonly available: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

type Readings = Mount & { readonly [K in 'usage' | 'free' | 'inodes-used']?: number | NoReading };

function readAnswer(queries: readonly Query[], output: ShellOutput): Map<string, Observation<Readings>> {
  const text = output.stdout.toString('utf8');
  const end = text.indexOf('\n=end\n');
  if (end < 0) return sameForAll(queries, unknown('the mount table was not told to its end'));
  const mounts = readMounts(text.slice(0, end));
  const usages = readUsages(text.slice(end + '\n=end\n'.length));
  const said = output.stderr.toString('utf8');
  return new Map(
    queries.map((query) => {
      const mount = mounts.get(query.subject);
      if (!mount) return [query.id, absent(`nothing is mounted on ${query.subject}`)];
      if (!wantsUsage(query)) return [query.id, known(mount)];
      return [query.id, known({ ...mount, ...readUsage(query.subject, mount, usages.get(query.subject), said) })];
    }),
  );
}

function readUsages(text: string): ReadonlyMap<string, Usage> {
  const words = text.split('\0');
  const usages = new Map<string, Usage>();
  for (let at = 0; at + 7 <= words.length; at += 7) {
    const [path = '', ...numbers] = words.slice(at, at + 7);
    const [blockSize, blocks, free, available, inodes, inodesFree] = numbers.map(Number);
    if (blockSize === undefined || blocks === undefined || free === undefined || available === undefined) continue;
    if (inodes === undefined || inodesFree === undefined || numbers.some((number) => !/^\d+$/.test(number))) continue;
    usages.set(path, { blockSize, blocks, free, available, inodes, inodesFree });
  }
  return usages;
}

function readUsage(path: string, mount: Mount, usage: Usage | undefined, said: string) {
  if (!usage) {
    const none = unknownReading(explainNoUsage(path, mount, said));
    return { usage: none, size: none, free: none, 'inodes-used': none };
  }
  const used = usage.blocks - usage.free;
  const noSize = absentReading(`a file system of type ${mount.filesystem} has no size`);
  return {
    usage: percentOf(used, used + usage.available) ?? noSize,
    size: usage.blocks === 0 ? noSize : usage.blocks * usage.blockSize,
    free: usage.blocks === 0 ? noSize : usage.available * usage.blockSize,
    'inodes-used':
      percentOf(usage.inodes - usage.inodesFree, usage.inodes) ??
      absentReading(`a file system of type ${mount.filesystem} does not count inodes`),
  };
}

function explainNoUsage(path: string, mount: Mount, said: string): string {
  if (mount.filesystem === 'autofs') return 'asking would mount it: it is an automount that has not been used yet';
  const at = said.indexOf(`'${path}': `);
  if (at >= 0) return `its usage could not be read: ${said.slice(at).split('\n', 1)[0]?.slice(0, 300) ?? ''}`;
  return `the file system did not tell its usage within ${patience} s`;
}

/** Rounded up, as df does. */
function percentOf(part: number, whole: number): number | undefined {
  return whole > 0 ? Math.ceil((part * 100) / whole) : undefined;
}
