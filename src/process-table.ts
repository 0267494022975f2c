import type { Script, ShellOutput } from './model.js';
import type { ProcessTraits } from './process-names.js';
import { FieldReader } from './shell/fields.js';
import { joinScripts, sh } from './shell/sh.js';

export interface RunningProcess extends ProcessTraits {
  readonly pid: number;
  /** Name of the effective user, its number where it has none; undefined where it was not asked, or the process is gone. */
  readonly user?: string;
}

export interface ProcessTable {
  /** Without what nixspec itself has started, and without the dead. */
  readonly processes: readonly RunningProcess[];
  /** Whether all processes may be seen: `hidepid` hides those of others. */
  readonly seesAll: boolean;
}

/**
 * Three processes, four with users, however many there are: one `grep` for what /proc tells in files, pair after pair of
 * file name and NUL-ended record; one to find what has nixspec's mark in its environment; one `stat` for where the links to
 * the programs lead. `ps` was ruled out, since its columns cannot be told apart for certain, and so was awk, which may not
 * read NUL. What ends meanwhile is passed over.
 */
export function askForProcesses({ users }: { readonly users: boolean }): Script {
  return joinScripts([
    sh`cd /proc || exit
grep -azZHs '' -- self/status self/mountinfo [0-9]*/stat [0-9]*/cmdline
printf '=ours\0'
[ -z "$NIXSPEC_MARK" ] || grep -lsazxFZ "NIXSPEC_MARK=$NIXSPEC_MARK" -- [0-9]*/environ
printf '=programs\0'
QUOTING_STYLE=literal stat --printf '%n\0%N\0' -- [0-9]*/exe 2>/dev/null
printf '=users\0'`,
    ...(users ? [sh`stat --printf '%n\0%u\0%U\0' -- [0-9]* 2>/dev/null`] : []),
    sh`printf '=end\0'`,
  ]);
}

/**
 * Reads what the script of `askForProcesses` printed.
 * @returns undefined where it is not whole
 * @throws Error where it is broken
 */
export function readProcesses(output: ShellOutput): ProcessTable | undefined {
  const fields = new FieldReader(output.stdout);
  const files = readFiles(fields);
  const ours = new Set([...untilMark(fields, '=programs')].map(pidOf));
  const programs = new Map(
    readRecords(fields, '=users', 2).map(([path, link]) => [pidOf(path), programOf(path, link)]),
  );
  const users = new Map(readRecords(fields, '=end', 3).map(([pid, uid, name]) => [Number(pid), nameOf(uid, name)]));
  const own = files.get('self/status')?.[0];
  const mounts = files.get('self/mountinfo')?.[0];
  if (own === undefined || mounts === undefined) return undefined;
  const stats = [...files].flatMap(([path, [text]]) => (path.endsWith('/stat') ? (readStat(text ?? '') ?? []) : []));
  if (stats.length === 0) return undefined;
  const left = leaveOutOurs(stats, ours);
  return {
    seesAll: seesAll(own, mounts),
    processes: left.map(({ pid, comm }) => {
      const [exe, user] = [programs.get(pid), users.get(pid)];
      return {
        pid,
        comm,
        argv: files.get(`${pid}/cmdline`) ?? [],
        ...(exe !== undefined && { exe }),
        ...(user !== undefined && { user }),
      };
    }),
  };
}

/** All records by file. */
function readFiles(fields: FieldReader): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const [path = '', record = ''] of readRecords(fields, '=ours', 2)) {
    const records = files.get(path);
    if (records) records.push(record);
    else files.set(path, [record]);
  }
  return files;
}

/** Records of so many fields, until one begins with the mark: that is where names of files stand, which are never that. */
function readRecords(fields: FieldReader, mark: string, size: number): string[][] {
  return Array.from(untilMark(fields, mark), (first) => [
    first,
    ...Array.from({ length: size - 1 }, () => fields.next() ?? ''),
  ]);
}

function* untilMark(fields: FieldReader, mark: string): Generator<string> {
  for (let field = fields.next(); field !== mark; field = fields.next()) {
    if (field === undefined) throw new Error('the list of processes ends in the middle');
    yield field;
  }
}

function pidOf(path = ''): number {
  return Number.parseInt(path, 10);
}

/** `12/exe -> /usr/bin/x`; without an arrow where the link may not be read, or leads nowhere. */
function programOf(path = '', link = ''): string | undefined {
  const arrow = `${path} -> `;
  return link.startsWith(arrow) ? link.slice(arrow.length) : undefined;
}

function nameOf(uid = '', name = ''): string {
  return name === 'UNKNOWN' ? uid : name;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly comm: string;
}

/** proc_pid_stat(5). A name may hold spaces, brackets and newlines; undefined for what has ended, but was not waited for. */
function readStat(text: string): Stat | undefined {
  const [, pid, comm, rest = ''] = /^(\d+) \(([\s\S]*)\) ([A-Za-z](?: -?\d+){40,})\n?$/.exec(text) ?? [];
  const [state = '', parent, , session, ...more] = rest.split(' ');
  if (pid === undefined || comm === undefined || parent === undefined || session === undefined) return undefined;
  // The first thread may have ended before the others: then it is a zombie, and the process lives.
  const threads = Number(more[13]);
  if (/[Xx]/.test(state) || (state === 'Z' && threads <= 1)) return undefined;
  return { pid: Number(pid), parent: Number(parent), session: Number(session), comm };
}

/**
 * Ours are those with the mark, the `sudo` above them, what is below them, and the rest of their session: one that lived
 * for a moment only may be gone before its mark was read.
 */
function leaveOutOurs(stats: readonly Stat[], marked: ReadonlySet<number>): readonly Stat[] {
  const byPid = new Map(stats.map((stat) => [stat.pid, stat]));
  const ours = new Set(marked);
  for (const pid of marked) {
    let parent = byPid.get(byPid.get(pid)?.parent ?? 0);
    while (parent?.comm === 'sudo' && !ours.has(parent.pid)) {
      ours.add(parent.pid);
      parent = byPid.get(parent.parent);
    }
  }
  const isOurs = (stat: Stat | undefined, depth = 0): boolean =>
    stat !== undefined &&
    depth < 100 &&
    (ours.has(stat.pid) || ours.has(stat.session) || isOurs(byPid.get(stat.parent), depth + 1));
  return stats.filter((stat) => !isOurs(stat));
}

/** CAP_SYS_PTRACE: sees the processes of all others. */
const capabilityBit = 19;

/** proc(5), `hidepid`. What is mounted last on /proc counts. The group that is exempt is root's unless another is named. */
function seesAll(status: string, mountinfo: string): boolean {
  const caps = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  if (((BigInt(`0x${caps}`) >> BigInt(capabilityBit)) & 1n) === 1n) return true;
  const options = [...mountinfo.matchAll(/^(?:\S+ ){4}\/proc .* - proc \S* (\S+)$/gm)].at(-1)?.[1]?.split(',') ?? [];
  const hidden = options.find((option) => option.startsWith('hidepid='))?.slice('hidepid='.length) ?? 'off';
  if (hidden === 'off' || hidden === '0') return true;
  const group = options.find((option) => option.startsWith('gid='))?.slice('gid='.length) ?? '0';
  const groups = /^Groups:(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  const effective = /^Gid:\s*\d+\s+(\d+)/m.exec(status)?.[1] ?? '';
  return hidden !== 'ptraceable' && hidden !== '4' && [...groups, effective].includes(group);
}
