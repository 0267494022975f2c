import { randomBytes } from 'node:crypto';
import type { ShellProbe } from '../model.js';
import { quoteWord } from './sh.js';

/**
 * All shell probes of one target as one POSIX `sh` program; `frames.ts` reads what it prints.
 *
 * Probes run side by side, each in a process group of its own under `timeout -s KILL` (only KILL reaches grandchildren
 * that ignore TERM), its two outputs bounded by `head -c`. A finished probe is printed as one frame under a lock:
 *
 *     \n<marker> <number> <exit | T | B>\n  stdout  \n<marker> =\n  stderr  \n<marker> .\n
 *
 * `T` is killed by its time limit, `B` is "its output could not be kept" (disk full). The marker is 128 random bits made
 * for this program, so that nothing a probe prints is taken for a frame; lengths were ruled out because counting costs a
 * process for each probe. What stands before the first marker is noise of login files and is passed over.
 */
export interface Program {
  readonly text: string;
  readonly marker: string;
  readonly probes: readonly ShellProbe[];
  /** Seconds after which it must be over, whatever happens on the target. */
  readonly limit: number;
}

/** How many of the users' commands run at once on a target. */
const ownSlots = 8;

/** Seconds that starting, printing and clearing up may take on a slow, busy machine. */
const overhead = 30;

/** Compiles probes to a program. Pure but for the marker, which tests give. */
export function compileProgram(probes: readonly ShellProbe[], marker = randomBytes(16).toString('hex')): Program {
  const jobs = probes.map((probe, at) => ({ slots: probe.slots, limit: wholeSeconds(probe), call: callOf(probe, at) }));
  const shared = jobs.filter((job) => job.slots === 'shared');
  const own = jobs.filter((job) => job.slots === 'own');
  const main = [
    mainPrologue(marker),
    ...probes.map((probe, at) => `printf %s ${quoteWord(probe.script.raw)} >"$d/${at}.c" || stop "$full"`),
    ...shared.map((job) => `job ${job.call} & pids="$pids $!"`),
    ...(own.length > 0 ? [runOwn(own.map((job) => job.call))] : []),
    mainEpilogue(marker),
  ].join('\n');
  const limit = Math.max(0, ...shared.map((job) => job.limit)) + longestQueue(own.map((job) => job.limit)) + overhead;
  return { text: `${bootstrap(marker)}\n${main}\n${delimiter(marker)}\n${startMain}`, marker, probes, limit };
}

/** `timeout` of busybox takes whole seconds only, and 0 would be no limit. */
function wholeSeconds(probe: ShellProbe): number {
  return Math.max(1, Math.ceil(probe.limit));
}

/** Number, limit, bytes and runner of a job; one byte more than may be kept tells that there was more. */
function callOf(probe: ShellProbe, at: number): string {
  const runner = probe.slots === 'shared' ? 'ours' : (probe.drops ?? 'neither');
  return `${at} ${wholeSeconds(probe)} ${probe.maxBytes + 1} ${runner}`;
}

/** Of standard error that is dropped. */
const bytesOfEnd = 4096;

/**
 * How a job is run, by what of its output is kept: each `head` costs a tenth of a command. `$1` is the path of the job's
 * files, `$2` the bytes kept of each output. What the waiting shell says of a signal goes nowhere. What our own scripts
 * say on standard error is short; it is cut when it is printed. Of standard error that is dropped the end is kept by
 * `tail`, which reads all of it: the command must not be ended by a closed pipe for what nobody wants.
 */
const runners = {
  neither: `{ { ( . "$1.c" ) 2>&3 3>&-; echo $? >"$1.r"; } 2>/dev/null | head -c "$2" >"$1.o" 3>&- || : >"$1.b"; } 3>&1 | head -c "$2" >"$1.e" || : >"$1.b"`,
  stdout: `{ ( . "$1.c" ) 2>&1 >/dev/null; echo $? >"$1.r"; } 2>/dev/null | head -c "$2" >"$1.e" || : >"$1.b"`,
  stderr: `{ { ( . "$1.c" ) 2>&3 3>&-; echo $? >"$1.r"; } 2>/dev/null | head -c "$2" >"$1.o" 3>&- || : >"$1.b"; } 3>&1 | tail -c ${bytesOfEnd} >"$1.e" || : >"$1.b"`,
  both: `{ ( . "$1.c" ) 2>&1 >/dev/null; echo $? >"$1.r"; } 2>/dev/null | tail -c ${bytesOfEnd} >"$1.e" || : >"$1.b"`,
  ours: `{ ( . "$1.c" ) 2>"$1.e"; echo $? >"$1.r"; } 2>/dev/null | head -c "$2" >"$1.o" || : >"$1.b"`,
} as const;

/** Seconds until the last of a queue is done, were each to use all of its limit. */
function longestQueue(limits: readonly number[]): number {
  const total = limits.reduce((sum, limit) => sum + limit, 0);
  return limits.length === 0 ? 0 : Math.max(...limits) + total / ownSlots;
}

function delimiter(marker: string): string {
  return `MAIN-${marker}`;
}

/**
 * Makes a private folder and puts the main program there, to be run by a shell of its own: its environment then holds
 * the mark from the start, and so does that of all it starts, by which they can be found and killed.
 */
function bootstrap(marker: string): string {
  return `umask 077
LC_ALL=C NIXSPEC_MARK=${marker.slice(0, 16)} PATH=/run/wrappers/bin:/run/current-system/sw/bin:$PATH:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL NIXSPEC_MARK PATH
full='cannot write temporary files'
stop() { printf '\\n${marker} stop %s\\n' "$1"; exit 1; }
for t in timeout head tail cat mkdir mkfifo rm; do command -v $t >/dev/null || stop "$t is missing (coreutils)"; done
d=
for t in /run /dev/shm "$XDG_RUNTIME_DIR" "$TMPDIR" /tmp /var/tmp; do
  [ -n "$t" ] && [ -w "$t" ] && mkdir "$t/nixspec-$NIXSPEC_MARK" 2>/dev/null && d=$t/nixspec-$NIXSPEC_MARK && break
done
[ -n "$d" ] || stop 'no folder for temporary files can be written'
cat >"$d/main" <<'${delimiter(marker)}' || { rm -rf "$d"; stop "$full"; }`;
}

const startMain = 'exec /bin/sh "$d/main" "$d" 6<&0 </dev/null\n';

/**
 * The watcher waits for the end of standard input, which is the end of nixspec or of the connection (sshd sends no
 * signal then), and kills whatever has the mark in its environment. Process groups were ruled out (each `timeout` makes
 * its own), and so were sessions (a child may leave one).
 *
 * A lock is a pipe that holds one line: taking it and giving it back are built into every shell and start no process.
 */
function mainPrologue(marker: string): string {
  return `d=$1 pids=
full='cannot write temporary files'
stop() { printf '\\n${marker} stop %s\\n' "$1"; exit 1; }
trap 'rm -rf "$d"' EXIT
trap 'exit 1' HUP INT TERM PIPE
(
  trap - EXIT HUP INT TERM PIPE
  read -r _ <&6
  read -r me _ </proc/self/stat
  for p in $(grep -ls "NIXSPEC_MARK=$NIXSPEC_MARK" /proc/[0-9]*/environ); do
    p=\${p#/proc/} p=\${p%/environ}
    [ "$p" = "$me" ] || kill -KILL "$p"
  done
  rm -rf "$d"
) >/dev/null 2>&1 &
watcher=$!
exec 6<&-
mkfifo "$d/lock" "$d/turn" "$d/next" && exec 7<>"$d/turn" 8<>"$d/lock" 9<>"$d/next" || stop 'cannot make a pipe'
echo >&7; echo >&8; echo 1 >&9
${Object.entries(runners)
  .map(([name, script]) => `printf '%s\\n' ${quoteWord(script)} >"$d/${name}" || stop "$full"`)
  .join('\n')}
printf '\\n${marker} =\\n' >"$d/middle" && printf '\\n${marker} .\\n' >"$d/end" || stop "$full"
# $1: number  $2: seconds  $3: bytes  $4: how to run it
job() {
  s=
  timeout -s KILL $2 /bin/sh "$d/$4" "$d/$1" $3 7<&- 8<&- 9<&- 2>/dev/null
  # 137: killed by the limit, perhaps after the script ended, while a child of it kept the output open and head its bytes.
  if [ $? -ge 124 ]; then
    # Where nobody wants the output, that of a child decides nothing.
    if [ $4 = both ] && [ -s "$d/$1.r" ]; then read -r s <"$d/$1.r"; else s=T; fi
  elif [ -f "$d/$1.b" ]; then s=B; else read -r s <"$d/$1.r"; fi
  [ -n "$s" ] || s=B
  read -r _ <&8
  printf '\\n${marker} %s %s\\n' $1 "$s"
  if [ -s "$d/$1.o" ] || [ -s "$d/$1.e" ]; then
    : >>"$d/$1.o" >>"$d/$1.e"
    if [ $4 = ours ] && [ -s "$d/$1.e" ]; then
      cat "$d/$1.o" "$d/middle"
      head -c $3 "$d/$1.e"
      cat "$d/end"
    else
      cat "$d/$1.o" "$d/middle" "$d/$1.e" "$d/end"
    fi
    : >"$d/$1.o" >"$d/$1.e"
  else
    printf '\\n${marker} =\\n\\n${marker} .\\n'
  fi
  echo >&8
}
printf '\\n${marker} start\\n'`;
}

/** The users' commands: a few workers that take the next one in turn, so that a slow one holds up nobody else. */
function runOwn(calls: readonly string[]): string {
  return `work() {
  while :; do
    read -r _ <&7; read -r n <&9; echo $((n + 1)) >&9; echo >&7
    [ "$n" -le $# ] || return 0
    eval "job \\\${$n}"
  done
}
set -- ${calls.map((call) => `'${call}'`).join(' ')}
${`work "$@" & pids="$pids $!"\n`.repeat(Math.min(ownSlots, calls.length))}`;
}

function mainEpilogue(marker: string): string {
  return `wait $pids
kill -KILL $watcher
trap - EXIT
rm -rf "$d"
printf '\\n${marker} finished\\n'`;
}
