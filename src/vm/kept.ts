import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Qmp } from './qmp.js';
import { isRunning, listWorkspaces, type Owner, readMachine } from './workspace.js';

/** A VM that goes on though no nixspec waits for it. */
export interface KeptVm {
  readonly folder: string;
  readonly owner: Owner;
}

export async function findKept(target: string, specFolder: string): Promise<KeptVm | undefined> {
  return (await listKept()).find(({ owner }) => owner.target === target && owner.specFolder === specFolder);
}

/** Those that run, of this user, for any spec. */
export async function listKept(): Promise<readonly KeptVm[]> {
  const found = (await listWorkspaces()).filter(({ owner }) => owner.kept);
  const running = await Promise.all(found.map(({ folder }) => isMachineRunning(folder)));
  return found.filter((_, at) => running[at]);
}

/** Seconds for a clean power-off before the machine is ended. */
const powerdownLimit = 60;

/** By the power button, then at once. */
export async function stopKept({ folder }: KeptVm): Promise<void> {
  const qmp = await Qmp.open(join(folder, 'qmp'), () => {}).catch(() => undefined);
  await qmp?.execute('system_powerdown').catch(() => {});
  if (!(await isGone(folder, powerdownLimit))) {
    await qmp?.execute('quit').catch(() => {});
    await isGone(folder, 5);
  }
  qmp?.close();
  const machine = await readMachine(folder);
  if (machine && (await isRunning(machine))) process.kill(machine.pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

async function isGone(folder: string, seconds: number): Promise<boolean> {
  for (let left = seconds * 10; left > 0; left -= 1) {
    if (!(await isMachineRunning(folder))) return true;
    await sleep(100);
  }
  return false;
}

async function isMachineRunning(folder: string): Promise<boolean> {
  const machine = await readMachine(folder);
  return machine !== undefined && isRunning(machine);
}
