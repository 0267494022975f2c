import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, NixspecError } from '../error.js';
import type { Run } from '../model.js';
import type { Machine } from './machine.js';

/**
 * Asks again as long as there is no answer: a target that is switched may be away for a while.
 * @param until milliseconds since the epoch; the last failure is thrown then
 */
export async function persist<T>(work: () => Promise<T>, until: () => number, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const away = error instanceof NixspecError && error.exitCode === exitCodes.unreachable;
      if (!away || signal.aborted || Date.now() >= until()) throw error;
    }
    await pause(1, signal);
  }
}

/** Does not throw where it is broken off: whoever waits looks at the signal. */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
}

/** Looks that may be cut off in the middle before that counts as an answer. */
const mostLooks = 3;

/**
 * Verifies over a new connection. A look that was cut off says nothing about the machine but that one connection was lost:
 * it is made again, over another one.
 * @param until as for `persist`
 */
export async function verifyWhole(
  machine: Pick<Machine, 'verify'>,
  stage: string,
  until: () => number,
  signal: AbortSignal,
): Promise<Run> {
  for (let looks = 1; ; looks += 1) {
    const run = await persist(() => machine.verify(stage, signal), until, signal);
    if (run.problems.length === 0 || looks === mostLooks || signal.aborted || Date.now() >= until()) return run;
    await pause(1, signal);
  }
}
