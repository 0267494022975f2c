import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from './machine.js';

/**
 * Keeps the dead man's switch from firing as long as the runner lives and reaches the target.
 *
 * The timer is short and wound up again and again, in place of one that outlasts the whole switch: a target that lost its
 * network, or whose runner died, is back within two minutes, and not when the longest soak would be over. Each winding goes
 * over a new connection, so that one from before the switch cannot keep alive a target that takes no new ones.
 */
export class Lease {
  /** Milliseconds since the epoch at which the target restores the old system, as far as is known. */
  until = 0;
  private readonly stopping = new AbortController();
  private winding: Promise<void> | undefined;

  constructor(
    private readonly machine: Pick<Machine, 'extend'>,
    private readonly id: string,
    private readonly terms: {
      /** Seconds on the timer. */
      readonly seconds: number;
      /** Milliseconds since the epoch beyond which it is never wound. */
      readonly end: number;
    },
    /** Told once, where the target has begun to restore by itself. */
    private readonly onGone: (reason: string) => void,
  ) {}

  /** @param remaining seconds on the timer now */
  start(remaining: number): void {
    this.until = Date.now() + remaining * 1000;
    this.winding = this.wind();
  }

  /** After it nothing is wound any more, also not what was under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.winding;
  }

  private async wind(): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      // Three tries before it is over.
      await sleep((this.terms.seconds * 1000) / 4, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const left = Math.floor((this.terms.end - Date.now()) / 1000);
      const seconds = Math.min(this.terms.seconds, left);
      // The last stretch is run down: shorter than what is on the timer it must not become.
      if (Date.now() + seconds * 1000 <= this.until) continue;
      if (!(await this.extend(seconds, signal))) return;
    }
  }

  /** @returns false where there is nothing left to wind */
  private async extend(seconds: number, signal: AbortSignal): Promise<boolean> {
    try {
      const extended = await this.machine.extend(this.id, seconds, signal);
      if (extended.status === 'too-late') {
        if (!signal.aborted) this.onGone(extended.reason);
        return false;
      }
      this.until = Date.now() + extended.remaining * 1000;
    } catch {
      // Not reached: perhaps next time. If not, the timer is what it is there for.
    }
    return true;
  }
}
