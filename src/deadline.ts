import { setMaxListeners } from 'node:events';

/** A time limit on top of an outer signal. */
export interface Deadline {
  /** Fires when the time is over or the outer signal fires. */
  readonly signal: AbortSignal;
  /** True once the time is over. */
  isOver(): boolean;
  /** Rejects when the signal fires; for racing with what may not heed it. */
  readonly rejection: Promise<never>;
  /** Fires the signal now. */
  end(): void;
  /** Lets go of the timer and the outer signal. */
  clear(): void;
}

/**
 * Not `AbortSignal.timeout`: its timer does not keep the process alive, so that waiting for nothing but a deadline would
 * end nixspec in the middle.
 */
export function startDeadline(seconds: number, outer: AbortSignal): Deadline {
  const inner = new AbortController();
  // Many conversations at once listen to one signal; that is no leak.
  setMaxListeners(0, inner.signal, outer);
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    inner.abort(new Error(`no answer within ${seconds} s`));
  }, seconds * 1000);
  const stop = () => inner.abort(outer.reason);
  if (outer.aborted) stop();
  outer.addEventListener('abort', stop, { once: true });
  const rejection = new Promise<never>((_, reject) => {
    if (inner.signal.aborted) reject(inner.signal.reason);
    inner.signal.addEventListener('abort', () => reject(inner.signal.reason), { once: true });
  });
  rejection.catch(() => {});
  return {
    signal: inner.signal,
    isOver: () => over,
    rejection,
    end: () => inner.abort(new Error('ended')),
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', stop);
    },
  };
}
