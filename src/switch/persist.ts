import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, NixspecError } from '../error.js';

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
