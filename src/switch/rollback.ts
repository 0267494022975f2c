import type { Run } from '../model.js';
import { findBreakages, isDecisive, type UnitState } from './decide.js';
import type { Machine } from './machine.js';
import { pause, persist, verifyWhole } from './persist.js';
import type { Record } from './record.js';
import type { RollbackProgress, TargetState } from './state.js';

export interface RollbackInput {
  readonly id: string;
  readonly machine: Machine;
  readonly record: Record;
  readonly before: { readonly run: Run; readonly units: readonly UnitState[]; readonly state: TargetState };
  /** Milliseconds since the epoch at which the target restores by itself. */
  readonly until: () => number;
  readonly allowed: readonly string[];
  /** Not that of Ctrl-C: what was begun is seen to its end. */
  readonly signal: AbortSignal;
}

/** How it came out; `restored` only where it was verified. */
export interface RolledBack {
  readonly restored: boolean;
  /** In words, why it was not. */
  readonly why: string;
}

/** Seconds that the rollback itself may take, once it has begun: a hung activation is stopped first, tries are repeated. */
const patience = 900;

/** Seconds before it is looked at once more: what has started may need a moment before it answers. */
const secondLook = 5;

/**
 * Brings the old system back at once, or sees to it that the target does so, and verifies it. Where no connection can be had,
 * the timer on the target does the same; it is waited for.
 */
export async function rollBack(input: RollbackInput): Promise<RolledBack> {
  const { record } = input;
  const ended = await record.step('roll back', () => bringBack(input), describeEnd);
  if (typeof ended === 'string') return { restored: false, why: ended };
  return record.step('verify the rollback', () => verifyRollback(input), describeVerdict);
}

async function bringBack(input: RollbackInput): Promise<Exclude<RollbackProgress, { status: 'waiting' }> | string> {
  const { machine, id, signal, until } = input;
  const end = () => Math.max(until(), Date.now()) + patience * 1000;
  const latest = end();
  let asked = false;
  let told = false;
  for (;;) {
    try {
      if (!asked) {
        // `refused`: it has begun by itself.
        await machine.startRollback(id, signal);
        asked = true;
      }
      const progress = await machine.followRollback(id, signal);
      if (progress.status === 'ended' || progress.status === 'gone') return progress;
      if (progress.status === 'waiting' || progress.status === 'cut-short') asked = false;
      if (Date.now() > latest) return 'the rollback did not end in time';
    } catch (error) {
      if (signal.aborted) throw error;
      if (!told) input.record.say(waitingFor(until()));
      told = true;
      asked = false;
      input.record.show(waitingFor(until()));
      if (Date.now() > latest) return `the target cannot be reached: ${error instanceof Error ? error.message : ''}`;
    }
    await pause(1, signal);
  }
}

function waitingFor(until: number): string {
  const seconds = Math.round((until - Date.now()) / 1000);
  return seconds > 0
    ? `cannot be reached: it restores the old system by itself in ${seconds} s`
    : 'cannot be reached: it should restore the old system now';
}

function describeEnd(ended: Exclude<RollbackProgress, { status: 'waiting' }> | string): string {
  if (typeof ended === 'string') return ended;
  if (ended.status === 'gone') return `the target has gone back by itself, or rebooted: ${ended.current} runs`;
  if (ended.status === 'running') return 'rolling back';
  if (ended.status === 'cut-short') return 'the rollback was cut short';
  const { cause, ended: how, reason, restarted } = ended.result;
  const who = cause === 'deadline' ? 'the target rolled back by itself' : 'rolled back';
  if (how === 'reboot') return `${who}, by a reboot: ${reason}`;
  if (how === 'failed') return `the rollback failed: ${reason}`;
  return restarted.length > 0 ? `${who}; started once more: ${restarted.join(', ')}` : who;
}

/** The old system runs, is the profile, and all that passed before passes. Looked at twice: units need their time. */
async function verifyRollback(input: RollbackInput): Promise<RolledBack> {
  const first = await lookAfterRollback(input);
  if (first.restored) return first;
  await pause(secondLook, input.signal);
  return lookAfterRollback(input);
}

async function lookAfterRollback({ machine, record, before, id, allowed, signal }: RollbackInput): Promise<RolledBack> {
  const latest = Date.now() + patience * 1000;
  try {
    const state = await persist(
      () => machine.inspect(signal),
      () => latest,
      signal,
    );
    // What is left of the guard is of no use any more where it has done its work; where it has not, it is all there is.
    const isBack = state.current === before.state.current && state.profile === before.state.profile;
    if (isBack && state.guard?.trigger !== 'rollback') await machine.disarm(id, signal);
    const run = await verifyWhole(machine, 'rolled-back', () => latest, signal);
    record.runs.push({ name: 'rollback', run });
    const units = await machine.units(signal);
    if (state.current !== before.state.current)
      return {
        restored: false,
        why: `${state.current ?? 'nothing'} runs, not ${before.state.current ?? 'the old system'}`,
      };
    if (state.profile !== before.state.profile)
      return {
        restored: false,
        why: `the profile is ${state.profile ?? 'gone'}, not ${before.state.profile ?? 'the old one'}`,
      };
    const evidence = { before: before.run, after: [run], units: { before: before.units, settled: units }, allowed };
    const broken = findBreakages(evidence).filter(isDecisive);
    const why = broken.map((one) => `${one.id}: ${one.message}`).join('; ');
    return { restored: broken.length === 0, why: why && `the old system runs again, but is not as it was: ${why}` };
  } catch (error) {
    if (signal.aborted) throw error;
    return { restored: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function describeVerdict({ restored, why }: RolledBack): string {
  return restored ? 'the old system runs again, as before' : why;
}
