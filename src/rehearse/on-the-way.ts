import type { Outcome, Script, UnitOnTheWay } from '../model.js';
import { sh } from '../shell/sh.js';
import type { RehearsalMachine } from './machine.js';

/** Who is asked: a machine, whatever becomes of its connection. */
type Asked = Pick<RehearsalMachine, 'ask'>;

/** What a machine is like before something is done to it. */
export interface Mark {
  /** Place in the journal; undefined: from the boot on. */
  readonly cursor?: string;
  /** Units that are failed, or wait to be started again after a failure. */
  readonly failed: ReadonlySet<string>;
}

/** The mark of a machine that has not run yet. @param failed those of the machine that had the disk before */
export function markOfBoot(failed: ReadonlySet<string>): Mark {
  return { failed };
}

export async function markNow(machine: Asked): Promise<Mark> {
  const { text } = await machine.ask(
    sh`journalctl --quiet --output=json --output-fields=PRIORITY --lines=1
echo =failed
${listFailed}`,
    60,
  );
  const [last = '', failed = ''] = text.split('=failed\n', 2);
  const cursor = readEntries(last).at(-1)?.__CURSOR;
  return { failed: readFailed(failed), ...(cursor !== undefined && { cursor }) };
}

const listFailed: Script = sh`systemctl list-units --all --plain --no-legend --no-pager --full --state=failed,auto-restart,auto-restart-queued`;

/**
 * The kinds of messages by which systemd tells what it does with units (systemd's `sd-messages.h`). Of a failure it tells
 * twice where it is that of a start: once that the unit failed, once that the job did.
 */
const messageIds = {
  started: '39f53479d3a045ac8e11786248231fbf',
  stopped: '9d1aaa27d60140bd96365438aad20286',
  jobFailed: 'be02cf6855d2428ba40df7e9d022f03d',
  failed: 'd9b373ed55a64feb8242e02dbe79a49c',
} as const;

/** Messages of systemd that are read, units that are asked what they said, and messages of each. */
const [mostEvents, mostAsked, mostMessages] = [5000, 12, 6];

/** What units went through since the mark. */
export interface OnTheWay {
  readonly units: readonly UnitOnTheWay[];
  /** Failed now; for the next mark. */
  readonly failed: ReadonlySet<string>;
  readonly unknown?: string;
}

/**
 * Reads from the journal what systemd did since the mark, and which units are failed now.
 * @param outcomes what the spec said afterwards
 */
export async function lookBack(machine: Asked, mark: Mark, outcomes: readonly Outcome[]): Promise<OnTheWay> {
  const since = mark.cursor === undefined ? ['--boot'] : [`--after-cursor=${mark.cursor}`];
  const { text, exit } = await machine.ask(
    sh`journalctl --sync >/dev/null 2>&1
${listFailed} || exit
echo =events
journalctl --quiet ${since} --output=json --output-fields=UNIT,MESSAGE_ID _PID=1 ${Object.values(messageIds).map((id) => `MESSAGE_ID=${id}`)} || exit
echo =end`,
    120,
  );
  const [failedNow = '', told = ''] = text.split('=events\n', 2);
  const failed = readFailed(failedNow);
  const events = countEvents(readEntries(told));
  const kinds = judgeUnits(events, failed, mark);
  const asked = [...kinds].filter(([, kind]) => isFailure(kind)).map(([name]) => name);
  const messages = await askMessages(machine, asked.slice(0, mostAsked), since);
  const units = [...kinds].map(([name, kind]) => ({
    name,
    kind,
    failures: failuresOf(events.get(name)),
    messages: messages.get(name) ?? [],
    asserted: isAsserted(name, outcomes),
  }));
  const whole = exit === 0 && told.endsWith('=end\n');
  return { units, failed, ...(!whole && { unknown: 'the journal of the machine could not be read' }) };
}

type Events = { readonly [kind in keyof typeof messageIds]: number };

const noEvents: Events = { started: 0, stopped: 0, jobFailed: 0, failed: 0 };

/** What comes and goes by itself: logins, this very connection, devices, and the grouping of units. */
const passing = /\.(scope|slice|device|target)$|^(user|user-runtime-dir|sshd)@|^nixspec-rehearsal-/;

function countEvents(entries: readonly Entry[]): ReadonlyMap<string, Events> {
  const kinds = new Map<string, keyof Events>(
    Object.entries(messageIds).map(([kind, id]) => [id, kind as keyof Events]),
  );
  const counts = new Map<string, Events>();
  for (const { UNIT: unit, MESSAGE_ID: id } of entries.slice(-mostEvents)) {
    const kind = kinds.get(id ?? '');
    if (unit === undefined || kind === undefined || passing.test(unit)) continue;
    const before = counts.get(unit) ?? noEvents;
    counts.set(unit, { ...before, [kind]: before[kind] + 1 });
  }
  return counts;
}

/** What is worst comes first. */
function judgeUnits(
  events: ReadonlyMap<string, Events>,
  failed: ReadonlySet<string>,
  mark: Mark,
): ReadonlyMap<string, UnitOnTheWay['kind']> {
  const found = [...new Set([...failed, ...events.keys()])].flatMap((name): [string, UnitOnTheWay['kind']][] => {
    if (failed.has(name)) return [[name, mark.failed.has(name) ? 'failing' : 'broken']];
    const { started, stopped, ...rest } = events.get(name) ?? noEvents;
    if (failuresOf({ started, stopped, ...rest }) > 0) return [[name, 'stumbled']];
    // At a boot everything starts.
    if (mark.cursor === undefined) return [];
    if (started > 0) return [[name, stopped > 0 ? 'restarted' : 'started']];
    return stopped > 0 ? [[name, 'stopped']] : [];
  });
  const rank = (kind: UnitOnTheWay['kind']) => order.indexOf(kind);
  return new Map(found.sort(([a, one], [b, other]) => rank(one) - rank(other) || a.localeCompare(b)));
}

const order: readonly UnitOnTheWay['kind'][] = ['broken', 'stumbled', 'failing', 'restarted', 'started', 'stopped'];

function isFailure(kind: UnitOnTheWay['kind']): boolean {
  return kind === 'broken' || kind === 'stumbled' || kind === 'failing';
}

function failuresOf({ failed, jobFailed }: Events = noEvents): number {
  return Math.max(failed, jobFailed);
}

/** By name, or by a wildcard; a unit that is skipped by the spec is one that it says something about. */
function isAsserted(name: string, outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ resource, subject }) => {
    if (resource !== 'unit') return false;
    const whole = /\.[a-z]+$/.test(subject) ? subject : `${subject}.service`;
    const pattern = whole.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${pattern.join('.*')}$`).test(name);
  });
}

async function askMessages(
  machine: Asked,
  units: readonly string[],
  since: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (units.length === 0) return new Map();
  const { text } = await machine.ask(
    sh`for unit in ${units}; do
  printf '=unit %s\n' "$unit"
  journalctl --quiet ${since} --output=json --output-fields=MESSAGE,_PID --lines=40 --unit="$unit"
done`,
    120,
  );
  return new Map(
    text
      .split(/^=unit /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        const entries = readEntries(part.slice(end + 1)).filter(({ MESSAGE }) => MESSAGE !== undefined);
        // What the unit itself says tells more than systemd's "Failed with result".
        const own = entries.filter(({ _PID }) => _PID !== '1');
        const chosen = (own.length > 0 ? own : entries).map(({ MESSAGE = '' }) => MESSAGE.slice(0, 500));
        return [part.slice(0, end), [...new Set(chosen)].slice(-mostMessages)] as const;
      }),
  );
}

type Entry = { readonly [field in 'UNIT' | 'MESSAGE_ID' | 'MESSAGE' | '_PID' | '__CURSOR']?: string };

/** Lines of `journalctl --output=json`. What is no text (of bytes that are no UTF-8 it makes a list) is left out. */
function readEntries(text: string): readonly Entry[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      const fields = Object.entries(JSON.parse(line) as object).filter(([, value]) => typeof value === 'string');
      return [Object.fromEntries(fields) as Entry];
    } catch {
      return [];
    }
  });
}

function readFailed(list: string): ReadonlySet<string> {
  return new Set(list.split('\n').flatMap((line) => line.trim().split(/\s+/, 1)[0] || []));
}
