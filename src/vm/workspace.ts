import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { NixspecError } from '../error.js';

/** The private folder of one running VM: disk, sockets, keys, serial log. Paths of unix sockets may have 107 bytes. */
export interface Workspace {
  readonly folder: string;
}

/** A process, told from a later one with the same number by when it started. */
export interface Process {
  readonly pid: number;
  readonly started: string;
}

/** Who a VM belongs to. */
export interface Owner extends Process {
  /** It is to be kept until it is stopped, though nobody waits for it. */
  readonly kept: boolean;
  readonly target: string;
  /** That of the spec, absolute: two specs may name a target alike. */
  readonly specFolder: string;
  /** Where its process number means something: containers may share a folder for temporary files, but not numbers. */
  readonly world?: string;
  /** When it was made, ISO 8601. */
  readonly since: string;
}

const prefix = 'nixspec-vm-';

/** Of those that need not survive `/tmp`: on NixOS that is often memory. */
const durable = '/var/tmp';

/**
 * Where disks can be large and names are short. `TMPDIR` where it is set; but what is kept goes where every later nixspec
 * finds it, whatever shell it is called from: `nix develop` has a TMPDIR of its own, and removes it.
 */
export function parentFolder(kept: boolean): string {
  const asked = process.env.TMPDIR;
  return !kept && asked !== undefined && asked !== '' && asked.length < 60 ? tmpdir() : durable;
}

/** @throws NixspecError `vm-boot-failed` where there is no room, or no right to make it */
export async function makeWorkspace(of: Pick<Owner, 'kept' | 'target' | 'specFolder'>): Promise<Workspace> {
  const parent = parentFolder(of.kept);
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(parent, prefix));
    const started = (await startOf(process.pid)) ?? '';
    const world = await readWorld();
    const owner: Owner = { ...of, pid: process.pid, started, world, since: new Date().toISOString() };
    // Whole or not at all: whoever clears up must not take half of it for nothing.
    await writeFile(join(folder, 'owner.new'), JSON.stringify(owner));
    await rename(join(folder, 'owner.new'), join(folder, 'owner.json'));
    await mkdir(join(folder, 'tmp'));
    return { folder };
  } catch (cause) {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NixspecError('vm-boot-failed', `${of.target}: no folder for the VM can be made in ${parent}: ${why}`, {
      operation: 'boot VM',
      target: of.target,
      hint: of.kept ? `make room in ${parent}` : 'TMPDIR says where it goes: it takes the disk of the VM',
      cause,
    });
  }
}

/**
 * Removes what killed runs left behind: their QEMU is ended by its supervisor, or here. Never throws.
 * @returns how many it were
 */
export async function clearLeftovers(): Promise<number> {
  let cleared = 0;
  const world = await readWorld();
  for (const found of await listWorkspaces()) {
    if (await isInUse(found, world)) continue;
    await removeWorkspace(found.folder);
    cleared += 1;
  }
  return cleared;
}

/** Milliseconds in which a folder may have no owner yet: it is being made. */
export const makingLimit = 60_000;

async function isInUse({ folder, owner, age }: Found, world: string): Promise<boolean> {
  if (!owner) return age < makingLimit;
  const [boot] = world.split(' ');
  if (owner.world !== undefined && owner.world !== world) return owner.world.split(' ')[0] === boot;
  if (await isRunning(owner)) return true;
  const machine = (await isKept(folder)) ? await readMachine(folder) : undefined;
  return machine !== undefined && isRunning(machine);
}

/** Whether it goes on without the nixspec that started it: the supervisor says so, once it was told. */
export async function isKept(folder: string): Promise<boolean> {
  return lstat(join(folder, 'kept')).then(
    () => true,
    () => false,
  );
}

/** With the machine in it, if it still runs. Never throws. */
export async function removeWorkspace(folder: string): Promise<void> {
  const machine = await readMachine(folder);
  if (machine && (await isRunning(machine))) {
    try {
      process.kill(machine.pid, 'SIGKILL');
    } catch {}
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}

interface Found {
  readonly folder: string;
  /** Undefined where nothing says whose it is. */
  readonly owner: Owner | undefined;
  /** Milliseconds since something in it was made or removed. */
  readonly age: number;
}

export async function listWorkspaces(): Promise<readonly Found[]> {
  const folders = await listFolders(prefix);
  return Promise.all(folders.map(async (found) => ({ ...found, owner: await readOwner(found.folder) })));
}

/** Folders of this user's only: names in a shared folder prove nothing. */
export async function listFolders(beginning: string): Promise<readonly Omit<Found, 'owner'>[]> {
  const parents = [...new Set([parentFolder(false), parentFolder(true)])];
  const folders = await Promise.all(
    parents.map(async (parent) => {
      const names = await readdir(parent).catch(() => []);
      return names.filter((name) => name.startsWith(beginning)).map((name) => join(parent, name));
    }),
  );
  const found = await Promise.all(
    folders.flat().map(async (folder) => {
      const status = await lstat(folder).catch(() => undefined);
      if (!status?.isDirectory() || status.uid !== userInfo().uid) return [];
      return [{ folder, age: Date.now() - status.mtimeMs }];
    }),
  );
  return found.flat();
}

async function readOwner(folder: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'owner.json'), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

export async function isRunning({ pid, started }: Process): Promise<boolean> {
  return (await startOf(pid)) === started;
}

/**
 * Field 22 of proc_pid_stat(5): when a process was started, in ticks since boot; undefined where there is none, or where
 * nothing is left of it but its exit status.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

/** This boot, and this namespace of process numbers. */
export async function readWorld(): Promise<string> {
  const [boot, numbers] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${boot.trim()} ${numbers}`;
}

/** QEMU's own number and start, which the supervisor writes. */
export async function readMachine(folder: string): Promise<Process | undefined> {
  const [pid = '', started = ''] = (await readFile(join(folder, 'machine'), 'utf8').catch(() => '')).trim().split(' ');
  return /^\d+$/.test(pid) && started !== '' ? { pid: Number(pid), started } : undefined;
}
