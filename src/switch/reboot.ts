import { lastLine, runJob } from './activate.js';
import { armRequest } from './arming.js';
import type { Machine } from './machine.js';
import { pause, persist } from './persist.js';
import { bootSeconds, type Stage, whatToRestore } from './plan.js';
import type { Record } from './record.js';
import type { TargetState } from './state.js';
import { stopFor } from './stop.js';

/** Seconds that a booted system may still be starting before it is looked at as it is. */
const startingLimit = 120;

/** The next boot, and no other, is to bring the new system. @throws Stop */
export async function prepareReboot(stage: Stage, next: string): Promise<void> {
  const { plan, record } = stage;
  const { exit, output } = await record.step(
    'prepare the reboot',
    () => runJob('boot-once', next, { ...stage, id: plan.id, bootSeconds: bootSeconds(plan) }),
    (ended) => (ended.exit === 0 ? 'prepared: one boot of the new system, and then the old one again' : undefined),
  );
  if (exit !== 0) throw stopFor('activation', `it cannot be booted once (${exit}): ${lastLine(output)}`);
}

/**
 * Reboots, and waits until the machine can be reached again, for as long as the switch may take.
 * @returns what it is then, whichever system came up
 */
export async function rebootTarget({ plan, before, machine, record, signal }: Stage): Promise<TargetState> {
  const { bootId } = before.state;
  return record.step(
    'reboot',
    async () => {
      const asked = await askForReboot(plan.id, bootId, machine, signal);
      if (asked !== undefined) throw stopFor('activation', `it was not rebooted: ${asked}`);
      record.say('rebooting');
      await machine.close();
      return awaitReboot({ bootId, machine, record, until: () => Infinity, signal });
    },
    ({ current }) => `up again, with ${current === plan.next ? 'the new system' : (current ?? 'no system')}`,
  );
}

/** @returns why not. Asked again after a lost connection, it may be rebooting already, or have done so. */
async function askForReboot(
  id: string,
  bootId: string,
  machine: Machine,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    if (signal.aborted) throw signal.reason;
    try {
      const asked = await machine.reboot(id, signal);
      if (asked.status === 'started') return undefined;
      const now = await machine.inspect(signal);
      return now.bootId === bootId ? asked.reason : undefined;
    } catch {
      await pause(1, signal);
    }
  }
}

export interface AwaitReboot {
  /** Of before. */
  readonly bootId: string;
  readonly machine: Machine;
  readonly record: Record;
  readonly until: () => number;
  readonly signal: AbortSignal;
}

/**
 * Waits for the next boot, with a new connection for each look.
 * @throws the signal's reason; the last failure to reach it, where it is too late
 */
export async function awaitReboot({ bootId, machine, record, until, signal }: AwaitReboot): Promise<TargetState> {
  const begun = Date.now();
  for (;;) {
    if (signal.aborted) throw signal.reason;
    const seconds = Math.round((Date.now() - begun) / 1000);
    record.show(`rebooting: waiting for it for ${seconds} s`);
    try {
      const state = await machine.inspect(signal);
      if (state.bootId !== '' && state.bootId !== bootId) return state;
      if (Date.now() > until()) throw new Error('it has not rebooted');
    } catch (error) {
      // Whatever it answers while it goes down and comes up: no users yet, no sudo yet, half an answer.
      if (signal.aborted) throw signal.reason;
      if (Date.now() > until()) throw error;
    }
    await pause(1, signal);
  }
}

/**
 * After the reboot: the new system runs, and is armed over the first connection, before anything else is done.
 * @returns seconds on the timer
 */
export async function armAfterReboot(stage: Stage, { current, boot }: TargetState): Promise<number> {
  const { plan, before, machine, record, signal } = stage;
  const { id, next } = plan;
  if (current === undefined || current !== next)
    throw stopFor(
      'activation',
      current === before.state.current
        ? 'the machine came up with the old system: the new one did not come up, or could not be reached in time'
        : `the machine came up with ${current ?? 'no system'}`,
    );
  if (boot.system !== before.state.boot.system)
    throw stopFor('activation', `the boot default is ${boot.system ?? 'gone'}, not the old system`);
  const armed = await record.step(
    'arm again',
    () =>
      persist(
        () => machine.arm({ ...armRequest(plan), restore: whatToRestore(before) }, signal),
        () => Infinity,
        signal,
      ),
    (answer) =>
      answer.status === 'armed'
        ? `armed again: the old system comes back by a reboot ${Math.round(answer.remaining)} s after the last sign of life`
        : undefined,
  );
  if (armed.status === 'armed') return armed.remaining;
  // Asked a second time after a lost connection.
  if (armed.status === 'busy' && armed.guard.id === id && armed.guard.remaining !== undefined)
    return armed.guard.remaining;
  const why = armed.status === 'busy' ? `a switch of ${armed.guard.runner} is armed there` : armed.reason;
  throw stopFor('activation', `it could not be armed again: ${why}`);
}

/** Until the boot has come to its end; one that does not is judged as it is. */
export async function awaitStarted({ machine, record, until, signal }: Stage): Promise<void> {
  const end = Date.now() + startingLimit * 1000;
  await record.step(
    'start up',
    async () => {
      for (;;) {
        const { systemState } = await persist(() => machine.inspect(signal), until, signal);
        if (signal.aborted) throw signal.reason;
        if (!/^(initializing|starting)$/.test(systemState) || Date.now() > end) return;
        await pause(1, signal);
      }
    },
    () => undefined,
  );
}
