import type { Machine } from './machine.js';
import { pause, persist } from './persist.js';
import type { Record } from './record.js';
import type { Job, Progress } from './state.js';
import { stopFor } from './stop.js';

export interface JobInput {
  readonly id: string;
  readonly machine: Machine;
  readonly record: Record;
  /** Milliseconds since the epoch at which the target restores by itself. */
  readonly until: () => number;
  /** Of `boot-once`: how long the new system may run after its boot before it is armed again. */
  readonly bootSeconds?: number;
  /** Fires when the switch is not to go on. */
  readonly signal: AbortSignal;
}

export type Ended = Extract<Progress, { status: 'ended' }>;

/**
 * Starts something on the target and follows it to its end. It runs there by itself: the connection may go, and come
 * again.
 * @throws Stop where it did not end by itself; NixspecError where the target did not come back
 */
export async function runJob(
  job: Job,
  next: string,
  { id, machine, record, until, bootSeconds, signal }: JobInput,
): Promise<Ended> {
  // Asked a second time after a lost connection, it may have begun with the first: then `refused` is its answer.
  let lost = false;
  const started = await persist(
    () =>
      machine.startJob(id, job, next, signal, bootSeconds).catch((error) => {
        lost = true;
        throw error;
      }),
    until,
    signal,
  );
  if (started.status === 'refused' && !lost) throw stopFor('activation', `it was not started: ${started.reason}`);
  for (;;) {
    if (signal.aborted) throw signal.reason;
    const progress = await persist(() => machine.followJob(id, signal), until, signal);
    if (progress.status === 'ended') return progress;
    if (progress.status === 'killed') throw stopFor('activation', `it was killed: ${lastLine(progress.output)}`);
    if (progress.status === 'gone') throw stopFor('activation', `it is gone: ${progress.reason}`);
    record.show(`${names[job]}: ${lastLine(progress.output)}`);
    await pause(0.5, signal);
  }
}

const names: { readonly [job in Job]: string } = {
  test: 'activating',
  keep: 'keeping',
  'boot-once': 'preparing the reboot',
};

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
