import type { Io } from './command.js';
import type { RunProgress } from './run.js';
import { printable } from './terminal.js';

/** Tells what is being waited for: one line on standard error, rewritten, and only where that is a terminal. */
export interface Progress {
  show(target: string, stage: string): void;
  /** Says something that stays, without tearing the line. */
  say(text: string): void;
  stop(): void;
}

export async function startProgress(io: Io): Promise<Progress> {
  if (!io.isTerminal.err || io.env.TERM === 'dumb') {
    return { show: () => {}, say: (text) => io.err(`${printable(text)}\n`), stop: () => {} };
  }
  const { default: yoctoSpinner } = await import('yocto-spinner');
  const stages = new Map<string, string>();
  // Signals are for whoever has something to clear up: the spinner would end the process at once.
  const spinner = yoctoSpinner({ stream: process.stderr, handleSignals: false }).start();
  // It hides the cursor.
  process.once('exit', () => spinner.stop());
  return {
    show(target, stage) {
      stages.set(target, stage);
      const line = [...stages].map(([name, what]) => `${name}: ${what}`).join('  ·  ');
      spinner.text = printable(io.hide(line)).slice(0, io.width - 3);
      // A report may have come between.
      if (!spinner.isSpinning) spinner.start();
    },
    say(text) {
      spinner.clear();
      io.err(`${printable(text)}\n`);
    },
    stop() {
      stages.clear();
      spinner.stop();
    },
  };
}

/** `312 of 1000 answered`, then `waiting for 2 more to become true`. */
export function describeProgress({ answered, asked, waitingFor }: RunProgress): string {
  return waitingFor > 0 ? `waiting for ${waitingFor} more to become true` : `${answered} of ${asked} answered`;
}
