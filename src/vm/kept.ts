import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../transport.js';
import type { VmFacts } from './boot.js';
import { Qmp } from './qmp.js';
import { stopMachine } from './stop.js';
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

/**
 * By a clean power-off over SSH, by the power button, then at once.
 * @param connect by SSH; a machine that does not answer any more is ended too
 * @returns whether it ended cleanly
 */
export async function stopKept(
  { folder }: KeptVm,
  connect: () => Promise<Transport>,
  signal: AbortSignal,
): Promise<boolean> {
  const [qmp, transport] = await Promise.all([
    Qmp.open(join(folder, 'qmp'), () => {}).catch(() => undefined),
    connect().catch(() => undefined),
  ]);
  const over = new AbortController();
  const exited = waitUntilGone(folder, over.signal);
  const release = async () => {
    // Its supervisor removes the folder.
    for (let left = 20; left > 0 && existsSync(folder); left -= 1) await sleep(50);
    await removeWorkspace(folder);
  };
  try {
    return await stopMachine({ qmp, exited, release }, transport, signal);
  } finally {
    over.abort();
    await transport?.close();
  }
}

async function waitUntilGone(folder: string, signal: AbortSignal): Promise<undefined> {
  for (let machine = await readMachine(folder); !signal.aborted && machine && (await isRunning(machine)); )
    await sleep(100, undefined, { signal }).catch(() => {});
}
