import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmFacts } from './boot.js';
import { Qmp } from './qmp.js';
import { isKept, isRunning, listWorkspaces, type Owner, readMachine, removeWorkspace } from './workspace.js';

/** A VM that goes on though no nixspec waits for it. */
export interface KeptVm {
  readonly folder: string;
  readonly owner: Owner;
  /** Undefined where its folder was damaged. */
  readonly facts: VmFacts | undefined;
  /** It is still being booted, by another nixspec. */
  readonly starting: boolean;
}

export async function findKept(target: string, specFolder: string): Promise<KeptVm | undefined> {
  return (await listKept()).find(({ owner }) => owner.target === target && owner.specFolder === specFolder);
}

/** Those that run or are being started, of this user, for any spec; oldest first. */
export async function listKept(): Promise<readonly KeptVm[]> {
  const all = await Promise.all((await listWorkspaces()).map(({ folder, owner }) => describe(folder, owner)));
  return all.flat().sort((a, b) => (a.owner.since < b.owner.since ? -1 : 1));
}

async function describe(folder: string, owner: Owner | undefined): Promise<readonly KeptVm[]> {
  if (!owner?.kept) return [];
  const booted = await isKept(folder);
  const machine = await readMachine(folder);
  const runs = booted ? machine !== undefined && (await isRunning(machine)) : await isRunning(owner);
  return runs ? [{ folder, owner, facts: await readFacts(folder), starting: !booted }] : [];
}

async function readFacts(folder: string): Promise<VmFacts | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'vm.json'), 'utf8')) as VmFacts;
  } catch {
    return undefined;
  }
}

/** In QEMU's words: `running`, `paused`, `internal-error` …; undefined where it does not answer. */
export async function askState({ folder }: KeptVm): Promise<string | undefined> {
  const qmp = await Qmp.open(join(folder, 'qmp'), () => {}).catch(() => undefined);
  const said = (await qmp?.execute('query-status').catch(() => undefined)) as { readonly status?: unknown } | undefined;
  qmp?.close();
  return typeof said?.status === 'string' ? said.status : undefined;
}

/** Seconds for a clean power-off before the machine is ended, and for QEMU to quit. */
const limits = { powerdown: 60, quit: 5 } as const;

/**
 * By the power button, then at once; at once too when nixspec is interrupted meanwhile.
 * @returns whether it ended cleanly
 */
export async function stopKept({ folder }: KeptVm, signal: AbortSignal): Promise<boolean> {
  const qmp = await Qmp.open(join(folder, 'qmp'), () => {}).catch(() => undefined);
  await qmp?.execute('system_powerdown').catch(() => {});
  const clean = qmp !== undefined && (await isGone(folder, limits.powerdown, signal));
  if (!clean) {
    await qmp?.execute('quit').catch(() => {});
    await isGone(folder, limits.quit);
  }
  qmp?.close();
  // Its supervisor removes the folder.
  for (let left = 20; left > 0 && existsSync(folder); left -= 1) await sleep(50);
  await removeWorkspace(folder);
  return clean;
}

async function isGone(folder: string, seconds: number, signal?: AbortSignal): Promise<boolean> {
  for (let left = seconds * 10; left > 0 && !signal?.aborted; left -= 1) {
    const machine = await readMachine(folder);
    if (!machine || !(await isRunning(machine))) return true;
    await sleep(100);
  }
  return false;
}
