import type { RehearsalStep } from '../model.js';

/** How a switch ended. */
export interface SwitchEnd {
  /** Of switch-to-configuration; undefined where it did not end by itself. */
  readonly exit?: number;
  /** Why there is none: it `hangs`, or it is `gone` without one. */
  readonly why?: 'hangs' | 'gone';
  /** The end of what it printed. */
  readonly output: string;
}

/** EAGAIN: another process holds /run/nixos/switch-to-configuration.lock. */
const lockBusy = 11;

/**
 * What the end of `switch-to-configuration test` means (nixpkgs, switch-to-configuration-ng). What needs a reboot is no
 * fault of the new configuration: the way over a reboot shows what it is worth.
 */
export function explainSwitch({ exit, why, output }: SwitchEnd): Pick<RehearsalStep, 'status' | 'message'> {
  if (exit === undefined) {
    const words = why === 'hangs' ? 'it did not end in time, and was killed' : 'it ended without an exit status';
    return { status: 'failed', message: words };
  }
  if (exit === 0) return { status: 'done', message: '' };
  if (exit === 100)
    return { status: 'skipped', message: 'it takes a reboot: the new init is another (exit status 100)' };
  if (exit === 1 && /There are changes to critical components|switch inhibitor/i.test(output)) {
    return { status: 'skipped', message: 'it takes a reboot: critical components are others (a switch inhibitor)' };
  }
  const meanings: { readonly [code: number]: string } = {
    1: 'it was refused, or broke off: a pre-switch check, or an error of its own',
    2: 'the activation script failed',
    4: 'a unit failed, or has been failed before',
    [lockBusy]: 'another switch was going on in the machine',
  };
  return { status: 'failed', message: `${meanings[exit] ?? 'it failed'} (exit status ${exit})` };
}
