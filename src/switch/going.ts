import { setMaxListeners } from 'node:events';
import { type Stop, stopFor } from './stop.js';

/** Fires when the new system is not to be judged any further: Ctrl-C, the deadline, or the target went back by itself. */
export class Going {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly onInterrupt = () => this.stop(stopFor('interrupted', 'interrupted'));

  /** @param seconds until the deadline */
  constructor(
    private readonly outer: AbortSignal,
    seconds: number,
  ) {
    setMaxListeners(0, this.controller.signal);
    const late = () => this.stop(stopFor('too-late', `it was not done within its deadline of ${seconds} s`));
    this.timer = setTimeout(late, seconds * 1000);
    if (outer.aborted) this.onInterrupt();
    outer.addEventListener('abort', this.onInterrupt, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why it fired. */
  get reason(): Stop | undefined {
    return this.signal.aborted ? (this.signal.reason as Stop) : undefined;
  }

  stop(why: Stop): void {
    if (!this.signal.aborted) this.controller.abort(why);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.onInterrupt);
  }
}
