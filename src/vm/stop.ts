import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../transport.js';
import type { Machine } from './machine.js';

/** What it takes to end one: also where another nixspec has started it. */
export interface Stoppable extends Pick<Machine, 'exited' | 'release'> {
  /** Undefined where QEMU does not answer. */
  readonly qmp: Pick<Machine['qmp'], 'execute' | 'close'> | undefined;
}

/** Seconds that each way to end has before the next, harder one: services may take their time. */
const patience = { poweroff: 60, powerdown: 20, quit: 5 } as const;

/**
 * Ends a machine: by a clean power-off, so that its disk is whole, then as a power button does, then at once. Never
 * throws.
 *
 * @param signal nixspec is interrupted, and nobody wants to wait: what is left of the clean ways is left out
 * @returns whether it ended in a clean way
 */
export async function stopMachine(
  machine: Stoppable,
  transport: Transport | undefined,
  signal: AbortSignal,
  limits: { readonly [way in keyof typeof patience]: number } = patience,
): Promise<boolean> {
  const { qmp, exited } = machine;
  const ended = (seconds: number) => waitFor(exited, seconds, signal);
  const asks = (command: string) => qmp?.execute(command).then(always, never) ?? Promise.resolve(false);
  const clean =
    (!signal.aborted &&
      transport !== undefined &&
      (await powerOff(transport, signal)) &&
      (await ended(limits.poweroff))) ||
    (!signal.aborted && (await asks('system_powerdown')) && (await ended(limits.powerdown)));
  if (!clean && (await asks('quit'))) await waitFor(exited, limits.quit);
  qmp?.close();
  await machine.release();
  return clean;
}

const always = () => true;
const never = () => false;

/** Whether it came about in time, and nothing came between. */
async function waitFor(event: Promise<unknown>, seconds: number, signal?: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  const late = sleep(seconds * 1000, false, { signal: either }).catch(() => false);
  const came = await Promise.race([event.then(() => true), late]);
  over.abort();
  return came;
}

/** Detached from the connection, which goes down with it. */
async function powerOff(transport: Transport, signal: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  const { exit } = await transport.run('systemctl --no-block poweroff', limit).ended;
  return exit === 0;
}
