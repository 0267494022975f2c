import { NixspecError } from '../error.js';
import type { Machine } from './machine.js';
import { pause } from './persist.js';
import type { Stage, SwitchPlan } from './plan.js';
import type { Armed, ArmRequest } from './state.js';

/** Seconds on the timer of the target; it is wound up again as long as the runner lives. */
const longestLease = 120;

export function leaseSeconds({ deadline }: Pick<SwitchPlan, 'deadline'>): number {
  return Math.min(longestLease, deadline);
}

export function armRequest(plan: SwitchPlan): ArmRequest {
  const { id, runner, spec, target, next } = plan;
  const seconds = leaseSeconds(plan);
  return { id, runner, spec, target, seconds, lastResort: 'reboot', ...(next && { next }) };
}

/**
 * Arms it before anything is touched.
 * @returns seconds on the timer
 * @throws NixspecError `switch-refused`; whatever kept it from being asked, and then nothing is left armed
 */
export async function armTarget({ plan, machine, record, signal }: Stage): Promise<number> {
  const { target } = plan;
  const armed = await record
    .step('arm', () => machine.arm(armRequest(plan), signal), describeArmed)
    .catch(async (error) => {
      // It may have been armed all the same.
      await disarmQuietly(plan.id, machine);
      throw error;
    });
  if (armed.status === 'armed') return armed.remaining;
  const why = armed.status === 'busy' ? `another switch is armed there (${armed.guard.runner})` : armed.reason;
  throw new NixspecError('switch-refused', `${target}: not switched: ${why}`, { operation: 'switch', target });
}

function describeArmed(armed: Armed): string | undefined {
  if (armed.status !== 'armed') return undefined;
  return `armed: the old system comes back by itself ${Math.round(armed.remaining)} s after the last sign of life`;
}

/** Also after Ctrl-C. @returns whether it could be */
export async function disarmQuietly(id: string, machine: Machine): Promise<boolean> {
  const { signal } = new AbortController();
  for (let tries = 0; tries < 3; tries += 1) {
    const disarmed = await machine.disarm(id, signal).catch(() => undefined);
    if (disarmed?.status === 'disarmed') return true;
    await pause(1, signal);
  }
  return false;
}
