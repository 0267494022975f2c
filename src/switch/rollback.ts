import type { Run } from '../model.js';
import { type BringBack, type BroughtBack, bringBack, patience } from './bring-back.js';
import { findBreakages, isDecisive, type UnitState } from './decide.js';
import { pause, persist, verifyWhole } from './persist.js';
import type { TargetState } from './state.js';

export interface RollbackInput extends BringBack {
  readonly before: { readonly run: Run; readonly units: readonly UnitState[]; readonly state: TargetState };
  readonly allowed: readonly string[];
}

/** How it came out; `restored` only where it was verified. */
export interface RolledBack {
  readonly restored: boolean;
  /** In words, why it was not. */
  readonly why: string;
}

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

function describeEnd(ended: BroughtBack | string): string {
  if (typeof ended === 'string') return ended;
  if (ended.status === 'gone' && ended.asked) return `rolled back, by a reboot: ${ended.current} runs`;
  if (ended.status === 'gone') return `the target has gone back by itself, or rebooted: ${ended.current} runs`;
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

async function lookAfterRollback({
  machine,
  record,
  before,
  again,
  allowed,
  signal,
}: RollbackInput): Promise<RolledBack> {
  const latest = Date.now() + patience * 1000;
  try {
    const state = await persist(
      () => machine.inspect(signal),
      () => latest,
      signal,
    );
    // What is left of the guard is of no use any more where it has done its work; where it has not, it is all there is.
    const isBack = state.current === before.state.current && state.profile === before.state.profile;
    if (isBack && state.guard?.trigger !== 'rollback') await machine.disarm(again.id, signal);
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
