import type { Script } from './model.js';
import { joinScripts, sh } from './shell/sh.js';

/** Properties of one unit as `systemctl show` prints them. A key may come several times (`Listen`), or be empty. */
export type UnitBlock = ReadonlyMap<string, readonly string[]>;

/** What the script of `showUnits` found out. */
export interface ShownUnits {
  /** In the order of the names that were asked for. */
  readonly units: readonly UnitBlock[];
  /** What triggers them, by name. */
  readonly triggers: ReadonlyMap<string, UnitBlock>;
  /** Names that the bus starts a service for; undefined where it was not asked or did not answer. */
  readonly busNames?: ReadonlySet<string>;
  /** The target's clock in epoch seconds, and its seconds since boot, when the answer was made. */
  readonly now: number;
  readonly sinceBoot: number;
}

/** Whose units: the system's own, or a user's. */
export type Manager = { readonly user?: string };

/** What the script ends with when a user's manager cannot be asked; other codes are systemctl's. */
export const userManagerExits: ReadonlyMap<number, string> = new Map([
  [61, 'no such user'],
  [
    62,
    'the user has no running manager: not logged in, and `loginctl enable-linger` was not used (users.users.<name>.linger)',
  ],
  [63, 'only root and the user may ask it: connect as one of them or set `sudo: true`'],
  [64, 'setpriv (util-linux) is missing'],
]);

/**
 * Follows the triggers of the units one step, and says which bus names can be started. A name with a backslash is told in
 * quotes, with two of them.
 */
const followTriggers = sh`
echo =triggers
case $units in *TriggeredBy=[A-Za-z0-9:_.\\\"-]*)
  set -f
  show -p Names,ActiveState,UnitFileState,WantedBy,RequiredBy,UpheldBy,BoundBy -- $(printf '%s\n' "$units" | sed -n '/^TriggeredBy=/{s///;s/"//g;s/\\\\/\\/g;p;}') || exit
esac
case $units in *BusName=[A-Za-z_-]*)
  echo =bus
  as busctl $scope --json=short call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ListActivatableNames
esac`;

/**
 * Asks for properties of units, one block for each name in the order of the names. `--all`: without it systemctl leaves
 * out what is empty, which then looks like something that this systemd does not know. Times are asked for in UTC,
 * because `--timestamp=unix` leaves out those of timers.
 * @param followed also ask about what triggers the units
 */
export function showUnits(
  manager: Manager,
  names: readonly string[],
  keys: readonly string[],
  followed: boolean,
): Script {
  return showFound(manager, sh`units=$(show -p ${keys.join(',')} -- ${names}) || exit`, followed);
}

/**
 * The same for all units whose names match: those that are loaded, and those that have a unit file. `show` alone would
 * leave out what is not loaded, and so count a service that is at rest one day and not the next. A template is no unit, and one that is
 * masked was switched off (NixOS: `enable = false`).
 */
export function showMatchingUnits(
  manager: Manager,
  patterns: readonly string[],
  keys: readonly string[],
  followed: boolean,
): Script {
  const listed = sh`set -f
list() { as systemctl $scope --no-pager --full --plain --no-legend "$@" -- ${patterns}; }
loaded=$(list --all list-units) || exit
# systemd 257 ends with 1 where no file matches; what really fails failed before.
files=$(list list-unit-files)
names=$(printf '%s\n' "$loaded" "$files" | awk '$1 != "" && $1 !~ /@\.[a-z]+$/ && $2 !~ /^(not-found|masked|masked-runtime)$/ { print $1 }' | sort -u)
units=
if [ -n "$names" ]; then units=$(show -p ${keys.join(',')} -- $names) || exit; fi`;
  return showFound(manager, listed, followed);
}

function showFound(manager: Manager, find: Script, followed: boolean): Script {
  return joinScripts([
    enterManager(manager),
    sh`${find}
printf '%s\n' "$units"`,
    ...(followed ? [followTriggers] : []),
    // The start of a process just made is now, in 1/100 s since boot (proc_pid_stat(5)); LXC fakes /proc/uptime.
    sh`echo =clock $(date +%s) $(cut -d ' ' -f 22 /proc/self/stat)`,
  ]);
}

/**
 * Load, active and sub state of units by one call on the bus: some forty times cheaper than `systemctl show`, which
 * makes systemd gather every property of each unit whatever is asked for. Where there is no bus: the other way.
 */
export function listUnits(names: readonly string[]): Script {
  const list = sh`org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager ListUnitsByNames`;
  return sh`busctl --json=short -- call ${list} as ${names.length} ${names} 2>/dev/null && exit
${showUnits({}, names, ['Names', 'LoadState', 'ActiveState', 'SubState'], false)}`;
}

/** Defines `show`, and `as`, which runs a command as the manager's user. */
function enterManager(manager: Manager): Script {
  const show = sh`export TZ=UTC
show() { as systemctl $scope --no-pager --all show "$@"; }`;
  if (manager.user === undefined) {
    return sh`scope=--system
as() { "$@"; }
${show}`;
  }
  // Ruled out: `systemctl -M user@` and runuser open a PAM session, which a look must not do.
  return sh`scope=--user
uid=$(id -u -- ${manager.user} 2>/dev/null) && gid=$(id -g -- ${manager.user}) || exit 61
me=$(id -u)
export XDG_RUNTIME_DIR="/run/user/$uid"
[ -e "$XDG_RUNTIME_DIR" ] || exit 62
if [ "$me" = "$uid" ]; then
  as() { "$@"; }
elif [ "$me" = 0 ]; then
  command -v setpriv >/dev/null || exit 64
  as() { setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"; }
else
  exit 63
fi
unset DBUS_SESSION_BUS_ADDRESS
as test -S "$XDG_RUNTIME_DIR/systemd/private" || exit 62
${show}`;
}

/** Takes apart what the script of `showUnits` printed. */
export function readShownUnits(text: string): ShownUnits {
  const parts = new Map<string, string>();
  for (const part of `=units\n${text}`.split(/^=/m).slice(1)) {
    const [, name = '', rest = ''] = /^([a-z]+)[ \n]([\s\S]*)$/.exec(part) ?? [];
    parts.set(name, rest);
  }
  const [now = Number.NaN, ticks = Number.NaN] = (parts.get('clock') ?? '').split(' ').map(Number);
  const busNames = readBusNames(parts.get('bus'));
  return {
    units: readBlocks(parts.get('units') ?? ''),
    triggers: new Map(
      readBlocks(parts.get('triggers') ?? '').flatMap((block) =>
        readWords(block, 'Names').map((name): [string, UnitBlock] => [name, block]),
      ),
    ),
    ...(busNames && { busNames }),
    now,
    sinceBoot: ticks / 100,
  };
}

/** Blocks of `Key=Value` lines with an empty line between two. systemd writes a newline inside a value as `\n`. */
export function readBlocks(text: string): UnitBlock[] {
  return text
    .split(/\n{2,}/)
    .map((lines) => lines.trim())
    .filter(Boolean)
    .map((lines) => {
      const block = new Map<string, string[]>();
      for (const line of lines.split('\n')) {
        const at = line.indexOf('=');
        const key = line.slice(0, at);
        const value = line.slice(at + 1);
        const before = block.get(key);
        if (before) before.push(value);
        else block.set(key, [value]);
      }
      return block;
    });
}

function readBusNames(json: string | undefined): ReadonlySet<string> | undefined {
  const data = json ? readBusReply(json)?.[0] : undefined;
  return Array.isArray(data) ? new Set(data.map(String)) : undefined;
}

/** The values of a reply as `busctl --json=short call` prints it: `{"type":"as","data":[[…]]}`. */
export function readBusReply(json: string): readonly unknown[] | undefined {
  try {
    const reply: unknown = JSON.parse(json);
    const data = typeof reply === 'object' && reply !== null && 'data' in reply ? reply.data : undefined;
    return Array.isArray(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** One property's value; undefined where systemd did not tell it. */
export function readWord(block: UnitBlock, key: string): string | undefined {
  return block.get(key)?.[0];
}

/** A list of unit names or paths. Those with a backslash (`mnt-my\x2ddata.mount`) or a space stand in double quotes. */
export function readWords(block: UnitBlock, key: string): string[] {
  const words = (readWord(block, key) ?? '').match(/"(?:[^"\\]|\\.)*"|[^ ]+/g) ?? [];
  return words.map((word) => (word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word));
}

/** `Mon 2026-11-23 01:38:31 UTC` to epoch seconds; undefined for "never". */
export function readTimestamp(text: string | undefined): number | undefined {
  const [, date, time] =
    /^(?:[A-Z][a-z]{2} )?(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?) UTC$/.exec(text ?? '') ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${time}Z`) / 1000;
}

const secondsOf: ReadonlyMap<string, number> = new Map([
  ['y', 31_557_600],
  ['month', 2_629_800],
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
  ['ms', 1e-3],
  ['us', 1e-6],
]);

/** `1h 25min 36.661058s` (systemd.time(7)) to seconds; undefined for `infinity` and what is not a time span. */
export function readTimespan(text: string | undefined): number | undefined {
  if (text === '0') return 0;
  const words = (text ?? '').split(' ').filter(Boolean);
  let seconds = 0;
  for (const word of words) {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(word) ?? [];
    const factor = secondsOf.get(unit.replace(/^months$/, 'month'));
    if (amount === undefined || factor === undefined) return undefined;
    seconds += Number(amount) * factor;
  }
  return words.length === 0 ? undefined : seconds;
}

/** A count or number of bytes; undefined for `[not set]` and for the largest 64-bit number, which means the same. */
export function readCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) && text !== '18446744073709551615' ? Number(text) : undefined;
}
