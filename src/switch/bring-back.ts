import type { Machine } from './machine.js';
import { pause } from './persist.js';
import { awaitReboot } from './reboot.js';
import type { Record } from './record.js';
import type { ArmRequest, Restore, RollbackProgress } from './state.js';

export interface BringBack {
  readonly machine: Machine;
  readonly record: Record;
  /** What is armed; and armed again where a reboot has taken it away and something is still to be restored. */
  readonly again: ArmRequest & { readonly restore: Restore };
  /** Of the boot in which it is armed. */
  readonly bootId: string;
  /** Milliseconds since the epoch at which the target restores by itself. */
  readonly until: () => number;
  /** Not that of Ctrl-C: what was begun is seen to its end. */
  readonly signal: AbortSignal;
}

/** It has restored, or there is nothing more to restore; `asked`: because it was told to, not by itself. */
export type BroughtBack = Extract<RollbackProgress, { status: 'ended' | 'gone' }> & { readonly asked: boolean };

/** Seconds that the rollback itself may take, once it has begun: a hung activation is stopped first, tries are repeated. */
export const patience = 900;

/**
 * Starts the rollback, or sees to it that the target does it by itself, and follows it to its end, through reboots too.
 * @returns in words, why it did not come to an end
 */
export async function bringBack(input: BringBack): Promise<BroughtBack | string> {
  const { machine, record, again, signal, until } = input;
  const latest = Math.max(until(), Date.now()) + patience * 1000;
  let { bootId } = input;
  let asked = false;
  /** It was told to, and that was heard. */
  let begun = false;
  let told = false;
  for (;;) {
    try {
      if (!asked) {
        // `refused`: it has begun by itself, or the machine shuts down.
        const answer = await machine.startRollback(again.id, signal);
        begun ||= answer.status === 'started';
        asked = true;
      }
      const progress = await machine.followRollback(again.id, signal);
      if (progress.status === 'ended') {
        if (progress.result.ended !== 'reboot') return { ...progress, asked: begun };
        await awaitReboot({ bootId: progress.bootId, machine, record, until: () => latest, signal });
        return { ...progress, asked: begun };
      }
      if (progress.status === 'gone') {
        const found = await armAgain(bootId, input);
        if (!found) return { ...progress, asked: begun };
        bootId = found;
      }
      if (progress.status !== 'running') asked = false;
      if (Date.now() > latest) return 'the rollback did not end in time';
    } catch (error) {
      if (signal.aborted) throw error;
      const waiting = begun ? 'cannot be reached: it is on its way back, as it was told' : waitingFor(until());
      if (!told) record.say(waiting);
      told = true;
      asked = false;
      record.show(waiting);
      if (Date.now() > latest) return `the target cannot be reached: ${error instanceof Error ? error.message : ''}`;
    }
    await pause(1, signal);
  }
}

/**
 * After a reboot the new system may run, or the profile be the new one still. Not where the guard went without a reboot: it was
 * disarmed then, by somebody who wants it so.
 * @returns the id of the boot in which there is something left to restore
 */
async function armAgain(bootId: string, { machine, record, again, signal }: BringBack): Promise<string | undefined> {
  const state = await machine.inspect(signal);
  const { guard } = state;
  if (state.bootId === bootId || (guard && guard.id !== again.id)) return undefined;
  const { current, profile, boot } = again.restore;
  const isBack = state.current === current && state.profile === profile;
  if (isBack && (boot === undefined || state.boot.system === boot)) return undefined;
  if (guard && guard.phase !== 'booted') return state.bootId;
  const armed = await machine.arm(again, signal);
  // Perhaps the machine is on its way back, and shuts down.
  if (armed.status === 'failed') record.show(`not armed again: ${armed.reason}`);
  return armed.status === 'failed' ? bootId : state.bootId;
}

function waitingFor(until: number): string {
  const seconds = Math.round((until - Date.now()) / 1000);
  return seconds > 0
    ? `cannot be reached: it restores the old system by itself in ${seconds} s`
    : 'cannot be reached: it should restore the old system now';
}
