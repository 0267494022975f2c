import type { Script, ShellOutput } from '../model.js';
import { sh } from '../shell/sh.js';
import { readBlocks, readTimespan, readWord, readWords, type UnitBlock } from '../systemctl.js';
import { longestGaps } from './calendar-gaps.js';

/** A unit that is loaded, by what tells whether it is worth a question. */
export interface ListedUnit {
  readonly name: string;
  readonly loaded: boolean;
  /** Made at run time, by `systemd-run` or a login: gone with the next boot. */
  readonly transient: boolean;
  /** Of a timer: the units that it starts. */
  readonly triggers: readonly string[];
  /**
   * Of a timer: the longest time in seconds between two of its turns; undefined where it has no turns to count on. At a
   * reboot a timer forgets when it had its last turn, unless it is `Persistent`: it counts if its first turn comes soon.
   */
  readonly longestPause?: number;
}

const keys = ['Id', 'LoadState', 'Transient', 'Triggers', 'TimersCalendar', 'TimersMonotonic', 'Persistent'];
const delays = ['RandomizedDelayUSec', 'AccuracyUSec'];
/** A calendar of a turn every ten minutes in office hours shows its longest pause, the weekend, after some 300 turns. */
const turns = 500;

/**
 * Lists the loaded units and, by systemd itself, when their calendars have turns: counted from a fixed day, so that the
 * answer is the same whenever it is asked. Patterns of `systemctl show` match loaded units, which all enabled ones are.
 */
export function listUnits(): Script {
  return sh`export TZ=UTC
show() { systemctl --system --no-pager --all show -p "$@"; }
show ${[...keys, ...delays].join(',')} -- '*.service' '*.timer' '*.socket' '*.path' || exit
echo
echo =calendars
IFS='
'
set -f
set -- $(show TimersCalendar -- '*.timer' | sed -n 's/^TimersCalendar={ OnCalendar=\(.*\) ; next_elapse=.*$/\1/p' | sort -u | head -n 100)
[ $# -eq 0 ] || systemd-analyze calendar --base-time='2024-01-01 00:00:00 UTC' --iterations=${turns} -- "$@" 2>/dev/null | sed '/^ *From now:/d; /^ *(in UTC):/d'
echo =end`;
}

/** Reads what the script of `listUnits` printed. */
export function readListedUnits(output: ShellOutput): readonly ListedUnit[] {
  const [units = '', calendars = ''] = output.stdout.toString('utf8').split(/^=calendars$/m);
  if (!/^=end$/m.test(calendars)) throw new Error('it ends in the middle');
  const gaps = longestGaps(calendars.split('\n'));
  return readBlocks(units).map((block) => {
    const pause = longestPause(block, gaps);
    return {
      name: readWord(block, 'Id') ?? '',
      loaded: readWord(block, 'LoadState') === 'loaded',
      transient: readWord(block, 'Transient') === 'yes',
      triggers: readWords(block, 'Triggers'),
      ...(pause !== undefined && { longestPause: pause }),
    };
  });
}

/** Seconds after a boot. */
const soon = 60;

/** Of several rules of one timer the one that comes round most often counts; each turn may be late by its delays. */
function longestPause(block: UnitBlock, gaps: ReadonlyMap<string, number>): number | undefined {
  const calendars = valuesOf(block, 'TimersCalendar').map(([, expression = '']) => gaps.get(expression));
  const repeats = valuesOf(block, 'TimersMonotonic')
    .filter(([rule]) => rule === 'OnUnitActiveUSec' || rule === 'OnUnitInactiveUSec')
    .map(([, span]) => readTimespan(span));
  const pauses = [...calendars, ...repeats].filter((pause) => pause !== undefined && pause > 0) as number[];
  const first = valuesOf(block, 'TimersMonotonic')
    .filter(([rule]) => ['OnActiveUSec', 'OnBootUSec', 'OnStartupUSec'].includes(rule))
    .map(([, span]) => readTimespan(span) ?? Number.POSITIVE_INFINITY);
  const lasting = readWord(block, 'Persistent') === 'yes' || first.some((pause) => pause <= soon);
  if (pauses.length === 0 || !lasting) return undefined;
  const late = delays.map((key) => readTimespan(readWord(block, key)) ?? 0).reduce((sum, delay) => sum + delay, 0);
  return Math.min(...pauses) + late;
}

/** `{ OnCalendar=*-*-* 04:00:00 ; next_elapse=… }` to its rule and value. */
function valuesOf(block: UnitBlock, key: string): [string, string][] {
  return (block.get(key) ?? []).flatMap((text) => {
    const [, rule, value] = /^\{ (\w+)=(.*) ; next_elapse=/.exec(text) ?? [];
    return rule === undefined || value === undefined ? [] : [[rule, value]];
  });
}
