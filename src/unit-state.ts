import type { NoReading } from './model.js';
import { unknownReading } from './resource.js';
import { readCount, readTimestamp, readWord, readWords, type ShownUnits, type UnitBlock } from './systemctl.js';

/** What the two judgements below must know of a unit. */
export const stateKeys: readonly string[] = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'WantedBy',
  'RequiredBy',
  'UpheldBy',
  'BoundBy',
  'TriggeredBy',
  'Type',
  'BusName',
  'Result',
  'RemainAfterExit',
  'NRestarts',
  'ConditionResult',
  'ConditionTimestamp',
  'ExecMainStartTimestamp',
  'ActiveEnterTimestamp',
];

/** Seconds that a service must stay up after an automatic restart to count as healthy again. */
export const settledAfter = 10;

/** `active`, or in the course of reading its configuration anew, as `systemctl is-active` has it. */
export function isActive(state: string | undefined): boolean {
  return state === 'active' || state === 'reloading' || state === 'refreshing';
}

/**
 * Does anything start it? `systemctl is-enabled` does not tell: on NixOS a unit that a timer starts is `linked`, which it
 * counts as no; `static` it counts as yes, even where nothing refers to the unit.
 */
export function isEnabled(block: UnitBlock, shown: ShownUnits): boolean | NoReading {
  if (isMasked(block)) return false;
  if (isPulledIn(block)) return true;
  const triggers = triggersOf(block, shown);
  if (triggers.some((trigger) => isActive(readWord(trigger, 'ActiveState')) || isPulledIn(trigger))) return true;
  return isStartedByBus(block, shown);
}

/**
 * Is it as it should be? Active; or at rest where that is its way: a oneshot that ended well, a service that waits for its
 * trigger, a unit whose conditions said no. Never what failed, or is being restarted again and again.
 */
export function isHealthy(block: UnitBlock, shown: ShownUnits): boolean | NoReading {
  const state = readWord(block, 'ActiveState');
  if (isActive(state)) return !isCrashing(block, shown.now);
  if (state !== 'inactive' || readWord(block, 'LoadState') !== 'loaded') return false;
  if (readWord(block, 'ConditionResult') === 'no' && readTimestamp(readWord(block, 'ConditionTimestamp'))) return true;
  if ((readWord(block, 'Result') ?? '') !== 'success') return false;
  if (isOneshotDone(block)) return true;
  if (triggersOf(block, shown).some((trigger) => isActive(readWord(trigger, 'ActiveState')))) return true;
  return isStartedByBus(block, shown);
}

/** Wanted or required by another unit, or said by systemd to be so at the next boot. */
function isPulledIn(block: UnitBlock): boolean {
  if (isMasked(block)) return false;
  if (/^enabled/.test(readWord(block, 'UnitFileState') ?? '')) return true;
  return ['WantedBy', 'RequiredBy', 'UpheldBy', 'BoundBy'].some((key) => readWords(block, key).length > 0);
}

/** Its links of `wants` stay while it is masked. */
function isMasked(block: UnitBlock): boolean {
  return [readWord(block, 'LoadState'), readWord(block, 'UnitFileState')].some((word) => word?.startsWith('masked'));
}

/** Timers, sockets, paths and automounts that start it. */
function triggersOf(block: UnitBlock, shown: ShownUnits): readonly UnitBlock[] {
  return readWords(block, 'TriggeredBy').flatMap((name) => shown.triggers.get(name) ?? []);
}

function isStartedByBus(block: UnitBlock, shown: ShownUnits): boolean | NoReading {
  const name = readWord(block, 'BusName') ?? '';
  if (name === '') return false;
  return shown.busNames?.has(name) ?? unknownReading(`the bus did not tell whether it starts ${name} when asked for`);
}

/** A crash loop is `active` between two crashes: one look would often find it well. */
function isCrashing(block: UnitBlock, now: number): boolean {
  const since = readTimestamp(readWord(block, 'ActiveEnterTimestamp'));
  const restarts = readCount(readWord(block, 'NRestarts')) ?? 0;
  return restarts > 0 && since !== undefined && now - since < settledAfter;
}

/** One that stays active after it ended, and is not, was stopped. */
function isOneshotDone(block: UnitBlock): boolean {
  const ran = readTimestamp(readWord(block, 'ExecMainStartTimestamp')) !== undefined;
  return readWord(block, 'Type') === 'oneshot' && readWord(block, 'RemainAfterExit') === 'no' && ran;
}
