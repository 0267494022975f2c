import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../transport.js';
import type { Machine } from './machine.js';

/** Seconds that each way to end has before the next, harder one. */
const limits = { poweroff: 60, powerdown: 20, quit: 5 } as const;

/**
 * Ends a machine: by a clean power-off, so that its disk is whole, then as a power button does, then at once. Never
 * throws.
 *
 * @param hard not a clean one: nixspec was interrupted, and nobody wants to wait
 */
export async function stopMachine(machine: Machine, transport: Transport | undefined, hard: boolean): Promise<void> {
  const { qmp, exited } = machine;
  const ended = (seconds: number) =>
    Promise.race([exited.then(() => true), sleep(seconds * 1000, false, { ref: false })]);
  if (!hard) {
    if (transport && (await powerOff(transport))) await ended(limits.poweroff);
    else if (await succeeds(qmp.execute('system_powerdown'))) await ended(limits.powerdown);
  }
  if (await succeeds(qmp.execute('quit'))) await ended(limits.quit);
  qmp.close();
  await machine.release();
}

/** Detached from the connection, which goes down with it. */
async function powerOff(transport: Transport): Promise<boolean> {
  const running = transport.run('systemctl --no-block poweroff', AbortSignal.timeout(10_000));
  const { exit } = await running.ended;
  return exit === 0;
}

function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  );
}
