import type { NoReading } from './model.js';
import { absentReading, unknownReading } from './resource.js';
import {
  readCount,
  readTimespan,
  readTimestamp,
  readWord,
  readWords,
  type ShownUnits,
  type UnitBlock,
} from './systemctl.js';
import { isActive, isEnabled, isHealthy, stateKeys } from './unit-state.js';

/** How one property of a unit is read: what systemctl must tell, and the value in it. */
export interface UnitReader<V = unknown> {
  readonly keys: readonly string[];
  read(block: UnitBlock, shown: ShownUnits): V | NoReading;
}

/** One for each property of `unit`. */
export const unitReaders = {
  active: {
    keys: ['ActiveState'],
    read: (block) => isActive(readWord(block, 'ActiveState')),
  } satisfies UnitReader<boolean>,
  enabled: { keys: stateKeys, read: isEnabled } satisfies UnitReader<boolean>,
  healthy: { keys: stateKeys, read: isHealthy } satisfies UnitReader<boolean>,
  state: word('ActiveState', 'it has no state'),
  'sub-state': word('SubState', 'it has no sub-state'),
  'load-state': word('LoadState', 'it has no load state'),
  'unit-file-state': word('UnitFileState', 'it has no unit file'),
  result: word('Result', 'units of its kind have no result'),
  'exit-status': { keys: ['ExecMainCode', 'ExecMainStatus'], read: readExitStatus } satisfies UnitReader<number>,
  restarts: count('NRestarts', 'only services are restarted'),
  'needs-reload': {
    keys: ['NeedDaemonReload'],
    read: (block) => readWord(block, 'NeedDaemonReload') === 'yes',
  } satisfies UnitReader<boolean>,
  condition: { keys: ['ConditionResult', 'ConditionTimestamp'], read: readCondition } satisfies UnitReader<boolean>,
  type: word('Type', 'units of its kind have no type'),
  'wanted-by': list('WantedBy'),
  'triggered-by': list('TriggeredBy'),
  triggers: list('Triggers'),
  'fragment-path': word('FragmentPath', 'it has no unit file'),
  'drop-ins': list('DropInPaths'),
  'status-text': word('StatusText', 'it has not said anything about its status'),
  'main-pid': { keys: ['MainPID'], read: readMainPid } satisfies UnitReader<number>,
  memory: accounted('MemoryCurrent', 'memory'),
  'memory-peak': { keys: ['MemoryPeak', 'MemoryCurrent'], read: readMemoryPeak } satisfies UnitReader<number>,
  tasks: accounted('TasksCurrent', 'tasks'),
  'cpu-time': { keys: ['CPUUsageNSec'], read: readCpuTime } satisfies UnitReader<number>,
  uptime: { keys: ['ActiveState', 'ActiveEnterTimestamp'], read: readUptime } satisfies UnitReader<number>,
  'last-trigger': { keys: ['LastTriggerUSec'], read: readLastTrigger } satisfies UnitReader<number>,
  'since-last-trigger': { keys: ['LastTriggerUSec'], read: readSinceLastTrigger } satisfies UnitReader<number>,
  'next-trigger': {
    keys: ['NextElapseUSecRealtime', 'NextElapseUSecMonotonic'],
    read: readNextTrigger,
  } satisfies UnitReader<number>,
  listen: { keys: ['Listen'], read: readListen } satisfies UnitReader<readonly string[]>,
};

function word(key: string, none: string): UnitReader<string> {
  return { keys: [key], read: (block) => readWord(block, key) || absentReading(none) };
}

function list(key: string): UnitReader<readonly string[]> {
  return { keys: [key], read: (block) => readWords(block, key).sort() };
}

function count(key: string, none: string): UnitReader<number> {
  return { keys: [key], read: (block) => readCount(readWord(block, key)) ?? absentReading(none) };
}

/** Without a control group there is nothing to be counted; with one, somebody could have counted. */
function accounted(key: string, what: string): UnitReader<number> {
  return {
    keys: [key, 'ControlGroup'],
    read: (block) => {
      const amount = readCount(readWord(block, key));
      if (amount !== undefined) return amount;
      if (!readWord(block, 'ControlGroup')) return absentReading(`it has no ${what}: it does not run`);
      return unknownReading(`systemd does not account ${what} here: switched off, or control groups of version 1`);
    },
  };
}

/** The code is that of waitid(2): 1 exited, 2 killed, 3 dumped core. A signal is told as shells do, 128 and its number. */
function readExitStatus(block: UnitBlock): number | NoReading {
  const status = readCount(readWord(block, 'ExecMainStatus'));
  if (status === undefined) return absentReading('only services have an exit status');
  const code = readWord(block, 'ExecMainCode');
  if (code === '0') return absentReading('its main process has not ended, or never ran');
  return code === '1' ? status : 128 + status;
}

function readCondition(block: UnitBlock): boolean | NoReading {
  if (readTimestamp(readWord(block, 'ConditionTimestamp')) === undefined) {
    return absentReading('it was never started, so its conditions were never looked at');
  }
  return readWord(block, 'ConditionResult') === 'yes';
}

function readMainPid(block: UnitBlock): number | NoReading {
  return readCount(readWord(block, 'MainPID')) || absentReading('it has no main process now');
}

function readMemoryPeak(block: UnitBlock): number | NoReading {
  if (readWord(block, 'MemoryCurrent') !== undefined && readWord(block, 'MemoryPeak') === undefined) {
    return unknownReading('this systemd does not tell MemoryPeak (256 and newer do)');
  }
  return count('MemoryPeak', 'no memory was accounted to it').read(block, noneShown);
}

function readCpuTime(block: UnitBlock): number | NoReading {
  const nanoseconds = readCount(readWord(block, 'CPUUsageNSec'));
  return nanoseconds === undefined ? absentReading('no CPU time is accounted to it') : nanoseconds / 1e9;
}

function readUptime(block: UnitBlock, shown: ShownUnits): number | NoReading {
  const since = readTimestamp(readWord(block, 'ActiveEnterTimestamp'));
  if (!isActive(readWord(block, 'ActiveState')) || since === undefined) return absentReading('it is not active');
  return age(since, shown);
}

function readLastTrigger(block: UnitBlock): number | NoReading {
  const written = readWord(block, 'LastTriggerUSec');
  if (written === undefined) return absentReading('only timers tell when they last triggered');
  return readTimestamp(written) ?? absentReading('it has never triggered');
}

function readSinceLastTrigger(block: UnitBlock, shown: ShownUnits): number | NoReading {
  const last = readLastTrigger(block);
  return typeof last === 'number' ? age(last, shown) : last;
}

/** A time that counts from boot is turned into one of the clock; it may be a second off. */
function readNextTrigger(block: UnitBlock, shown: ShownUnits): number | NoReading {
  if (!block.has('NextElapseUSecRealtime')) return absentReading('only timers trigger at a time');
  const calendar = readTimestamp(readWord(block, 'NextElapseUSecRealtime'));
  const afterBoot = readTimespan(readWord(block, 'NextElapseUSecMonotonic'));
  const times = [calendar, afterBoot && Math.round(shown.now - shown.sinceBoot + afterBoot)].filter(isTime);
  return times.length > 0
    ? Math.min(...times)
    : absentReading('it does not wait for a time: stopped, or its unit runs');
}

function isTime(time: number | undefined): time is number {
  return time !== undefined && time > 0;
}

/** `[::]:22 (Stream)` without the kind; one address may be there as stream and as datagram. */
function readListen(block: UnitBlock): readonly string[] {
  const addresses = (block.get('Listen') ?? []).map((line) => line.replace(/ \([A-Za-z]+\)$/, '')).filter(Boolean);
  return [...new Set(addresses)].sort();
}

/** Both times are of the target's clock, in whole seconds; it may have been set back in between. */
function age(since: number, shown: ShownUnits): number | NoReading {
  const seconds = shown.now - since;
  if (Number.isNaN(seconds)) return unknownReading('the target did not tell its time');
  return seconds >= -1 ? Math.max(0, seconds) : unknownReading('the clock of the target was set back since');
}

const noneShown: ShownUnits = { units: [], triggers: new Map(), now: Number.NaN, sinceBoot: Number.NaN };
