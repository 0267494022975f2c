import type { Script, ShellOutput } from './model.js';
import { joinScripts, sh } from './shell/sh.js';
import { readBlocks, type UnitBlock } from './systemctl.js';

/** One look at the journal: which messages, of which units. */
export interface JournalQuestion {
  /** Seconds back from now, or since when. */
  readonly since: 'boot' | 'switch' | number;
  /** At least as severe as this one; undefined takes all, also those without a priority. */
  readonly priority?: string;
  /** Names of units, whose messages are counted one by one. */
  readonly units: readonly string[];
  /** Count all messages too, under the name `host`. */
  readonly host: boolean;
  /** Of which of them the messages themselves are wanted. */
  readonly texts: readonly string[];
}

/** Why there is no answer, by exit code of the script; 63 only with `since: switch`. */
export const journalExits: ReadonlyMap<number, string> = new Map([
  [61, 'journalctl is missing (systemd)'],
  [62, 'awk is missing'],
  [63, 'the time of the last switch cannot be told: there is no /run/current-system, so this is not a NixOS system'],
]);

/** Bytes kept for all units of one look together, and for one. Of JSON, so newlines and quotes count twice. */
const mostOfAll = 8 * 1024 * 1024;
export const mostOfOne = 256 * 1024;

/** More make journalctl slower than reading all messages and choosing here: 1000 units and 60,000 messages took it 38 s. */
const mostChosen = 32;

/** How many bytes the answer to a question can have. */
export function boundOf({ units, texts }: JournalQuestion): number {
  return 65_536 + units.length * 2048 + texts.length * bytesFor(texts.length);
}

function bytesFor(texts: number): number {
  return Math.min(mostOfOne, Math.floor(mostOfAll / Math.max(1, texts)));
}

/**
 * Is there a journal that may be read? journalctl would show a user's own messages only, and exit with 0. What may not be
 * read is told apart from what is not there.
 */
const lookForAccess = sh`machine=
read -r machine </etc/machine-id
access=none
for parent in /var/log/journal /run/log/journal; do
  [ -d "$parent" ] || continue
  [ -x "$parent" ] || { access=denied; break; }
  d=$parent/$machine
  [ -d "$d" ] || continue
  { [ -r "$d" ] && [ -x "$d" ]; } || { access=denied; break; }
  for file in "$d"/system*.journal; do
    [ -e "$file" ] || continue
    [ -r "$file" ] || { access=denied; break 2; }
    access=ok
  done
done
echo =access $access
[ $access = ok ] || exit 0`;

/** Since when, as journalctl takes it. A switch before the boot is no longer of interest: the boot activated the system. */
const sinceSwitch = sh`changed=$(stat -c %Y /run/current-system 2>/dev/null) || exit 63
up=$(cut -d . -f 1 /proc/uptime)
if [ "$changed" -gt $((now - up)) ]; then since=$changed; else since=boot; fi`;

/** The two ends of the journal of the system: where it begins tells whether it holds all that was asked for. */
const lookAtEnds = sh`echo "=boot $(cat /proc/sys/kernel/random/boot_id) $(systemctl show -p UserspaceTimestampMonotonic 2>/dev/null)"
journalctl -q --system -o json --output-fields=_BOOT_ID | head -n 1
journalctl -q --system -o json --output-fields=_BOOT_ID -n 1`;

/**
 * Counts the messages of each unit and keeps the last of some, as JSON, in a bounded ring. Whose a message is: as
 * `journalctl -u` has it, what the unit's processes say, what PID 1 says about it, what root says about its core dumps. In
 * JSON a quote within a value always has a backslash before it, so that no message can look like a field.
 */
const countMessages = String.raw`function field(key, at, rest) {
  key = "\"" key "\":\""
  at = index($0, key)
  if (!at) return ""
  rest = substr($0, at + length(key), 300)
  return substr(rest, 1, index(rest, "\"") - 1)
}
function note(name, i) {
  if (!(name in names) || name in seen) return
  seen[name]
  count[name]++
  if (!(name in texts)) return
  if (message == "") message = match($0, /"MESSAGE":("([^"\\]|\\.)*"|\[[0-9, ]*\])/) ? substr($0, RSTART + 10, RLENGTH - 10) : "null"
  kept[name, last[name]++] = message
  size[name] += length(message) + 1
  while (size[name] > most) {
    i = first[name]++
    size[name] -= length(kept[name, i]) + 1
    delete kept[name, i]
  }
}
BEGIN {
  total = split(ENVIRON["NAMES"], order, "\n")
  for (i = 1; i <= total; i++) {
    parts = split(order[i], part, "\\")
    name = part[1]
    for (j = 2; j <= parts; j++) name = name "\\\\" part[j]
    names[name] = order[i]
    count[name] += 0
    if (index(ENVIRON["TEXTS"], " " i " ")) texts[name]
  }
}
/^\{/ {
  split("", seen)
  message = ""
  note("host")
  note(field("_SYSTEMD_UNIT"))
  note(field("_SYSTEMD_SLICE"))
  if (index($0, "\"_PID\":\"1\"")) note(field("UNIT"))
  if (index($0, "\"_UID\":\"0\"")) { note(field("COREDUMP_UNIT")); note(field("OBJECT_SYSTEMD_UNIT")) }
}
/^=end/ { end = $0 }
END {
  for (name in names) {
    print "=entries " names[name] " " count[name] " " first[name] + 0
    for (i = first[name] + 0; i < last[name] + 0; i++) print kept[name, i]
  }
  print end
}`;

const fields = '_SYSTEMD_UNIT,_SYSTEMD_SLICE,UNIT,COREDUMP_UNIT,OBJECT_SYSTEMD_UNIT,_PID,_UID,MESSAGE';

/** One look, of about a dozen processes however many units there are. */
export function readJournal(question: JournalQuestion): Script {
  const { since, priority, units, host, texts } = question;
  const all = [...units, ...(host ? ['host'] : [])];
  const positions = all.flatMap((name, at) => (texts.includes(name) ? [at + 1] : []));
  const choose = sh`for id in $ids; do set -- "$@" -u "$id"; done`;
  return joinScripts([
    sh`command -v journalctl >/dev/null || exit 61
command -v awk >/dev/null || exit 62`,
    lookForAccess,
    sh`now=$(date +%s)`,
    since === 'boot' ? sh`since=boot` : since === 'switch' ? sinceSwitch : sh`since=$((now - ${Math.ceil(since)}))`,
    sh`echo =since $since`,
    lookAtEnds,
    sh`echo =units`,
    units.length === 0
      ? sh`ids=`
      : sh`units=$(systemctl --no-pager --all show -p Id,LoadState,ActiveState,LogNamespace -- ${units} 2>/dev/null)
printf '%s\n' "$units"
ids=$(printf '%s\n' "$units" | sed -n 's/^Id=//p')`,
    sh`set -f
set --`,
    ...(host || units.length > mostChosen ? [] : [choose]),
    ...(host ? [sh`ids=$(printf '%s\n' $ids host)`] : []),
    sh`case $since in boot) since=-b ;; *) since=--since=@$since ;; esac
{
  journalctl -q -a --no-pager -o json --output-fields=${fields} $since ${priority === undefined ? [] : ['-p', priority]} "$@"
  echo "=end $?"
} | NAMES="$ids" TEXTS=${` ${positions.join(' ')} `} awk -v most=${bytesFor(texts.length)} ${countMessages}`,
  ]);
}

/** One end of the journal. */
export interface JournalEntry {
  /** Boot ID without dashes. */
  readonly boot: string;
  /** Epoch seconds. */
  readonly time: number;
  /** Microseconds since the boot. */
  readonly monotonic: number;
}

export interface Messages {
  readonly count: number;
  /** The last ones, of those that were wanted. */
  readonly last: readonly string[];
  /** How many of those before are left out. */
  readonly left: number;
}

/** What the script found out. */
export interface JournalAnswer {
  readonly access: string;
  /** Since when, in epoch seconds. */
  readonly since: number | 'boot';
  readonly boot: string;
  /** When systemd began to start the machine, in microseconds since the boot. */
  readonly started: number;
  readonly first?: JournalEntry;
  readonly newest?: JournalEntry;
  /** In the order of the question. */
  readonly units: readonly UnitBlock[];
  readonly messages: ReadonlyMap<string, Messages>;
  /** Exit code of journalctl; undefined where the answer has no end. */
  readonly exit?: number;
  readonly said: string;
}

/** Takes apart what the script of `readJournal` printed. */
export function readJournalAnswer({ stdout, stderr }: ShellOutput): JournalAnswer {
  const text = stdout.toString('utf8');
  const [head = '', rest = ''] = text.split(/^=units\n/m, 2);
  const entriesAt = rest.search(/^=entries /m);
  const tail = entriesAt < 0 ? rest : rest.slice(entriesAt);
  const word = (key: string) => new RegExp(`^=${key} (.*)$`, 'm').exec(head)?.[1] ?? '';
  const [boot = '', started] = word('boot').split(' ');
  const [first, newest] = head.split('\n').flatMap((line) => (line.startsWith('{') ? readEntry(line) : []));
  const exit = /^=end (\d+)\n?$/m.exec(tail)?.[1];
  return {
    access: word('access'),
    since: word('since') === 'boot' ? 'boot' : Number(word('since')),
    boot: boot.replaceAll('-', ''),
    started: Number(/^UserspaceTimestampMonotonic=(\d+)$/.exec(started ?? '')?.[1] ?? Number.NaN),
    ...(first && { first }),
    ...(newest && { newest }),
    units: readBlocks(entriesAt < 0 ? rest : rest.slice(0, entriesAt)),
    messages: readMessages(tail),
    ...(exit !== undefined && { exit: Number(exit) }),
    said: stderr.toString('utf8').trim().split('\n', 1)[0]?.slice(0, 300) ?? '',
  };
}

function readEntry(line: string): JournalEntry[] {
  const entry = JSON.parse(line) as { readonly [field: string]: unknown };
  const number = (key: string) => Number(entry[key]);
  return [
    {
      boot: String(entry._BOOT_ID),
      time: number('__REALTIME_TIMESTAMP') / 1e6,
      monotonic: number('__MONOTONIC_TIMESTAMP'),
    },
  ];
}

function readMessages(text: string): ReadonlyMap<string, Messages> {
  return new Map(
    text
      .split(/^=entries /m)
      .slice(1)
      .flatMap((part): [string, Messages][] => {
        const [line = '', ...messages] = part.replace(/^=end .*$/m, '').split('\n');
        const [, name, count, left] = /^(\S+) (\d+) (\d+)$/.exec(line) ?? [];
        if (name === undefined) return [];
        return [[name, { count: Number(count), left: Number(left), last: messages.filter(Boolean).map(readMessage) }]];
      }),
  );
}

/** A message is JSON text, or its bytes where it is not UTF-8 or has control characters. */
function readMessage(json: string): string {
  const message: unknown = JSON.parse(json);
  if (typeof message === 'string') return message;
  return Array.isArray(message) ? Buffer.from(message.map(Number)).toString('utf8') : '';
}
