import { lastLine, runJob } from './activate.js';
import type { Lease } from './lease.js';
import { persist } from './persist.js';
import type { Stage } from './plan.js';
import { stopFor } from './stop.js';

/** Makes it profile and boot default. The disarming is the last word, over a connection that was made for it. */
export async function keepNext(stage: Stage, next: string, lease: Pick<Lease, 'stop'>): Promise<void> {
  const { machine, plan, until, signal } = stage;
  // What was verified may be gone by now, where the timer was not reached in time.
  const { current } = await persist(() => machine.inspect(signal), until, signal);
  if (current !== next) throw stopFor('unreachable', `the target has gone back by itself: ${current} runs`);
  const { exit, output } = await runJob('keep', next, { ...stage, id: plan.id });
  if (exit !== 0) throw stopFor('activation', `it cannot be made the boot default (${exit}): ${lastLine(output)}`);
  await lease.stop();
  const latest = () => Math.max(until(), Date.now() + 1000);
  const disarmed = await persist(() => machine.disarm(plan.id, signal), latest, signal);
  if (disarmed.status !== 'disarmed') throw stopFor('unreachable', `it could not be disarmed: ${disarmed.reason}`);
}
