import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** The private folder of one running VM: disk, sockets, keys, serial log. Paths of unix sockets may have 107 bytes. */
export interface Workspace {
  readonly folder: string;
}

/** Who a VM belongs to; `started` tells a process from a later one with the same number. */
export interface Owner {
  readonly pid: number;
  readonly started: string;
  /** Kept until it is stopped, though nobody waits for it. */
  readonly kept: boolean;
  readonly target: string;
  /** That of the spec, absolute: two specs may name a target alike. */
  readonly specFolder: string;
}

const prefix = 'nixspec-vm-';

/** Where disks can be large and names are short: `TMPDIR` where it is set, else what survives a full `/tmp`. */
function parentFolder(): string {
  const asked = process.env.TMPDIR;
  return asked !== undefined && asked.length < 60 ? tmpdir() : '/var/tmp';
}

export async function makeWorkspace(of: Pick<Owner, 'kept' | 'target' | 'specFolder'>): Promise<Workspace> {
  const folder = await mkdtemp(join(parentFolder(), prefix));
  await mkdir(join(folder, 'tmp'));
  const owner: Owner = { ...of, pid: process.pid, started: (await startOf(process.pid)) ?? '' };
  await writeFile(join(folder, 'owner.json'), JSON.stringify(owner));
  return { folder };
}

/** Removes what killed runs left behind: their QEMU is ended by its watcher, or here. Never throws. */
export async function clearLeftovers(): Promise<number> {
  let cleared = 0;
  for (const { folder, owner } of await listWorkspaces()) {
    const wanted = owner.kept ? await readMachine(folder) : owner;
    if (wanted && (await isRunning(wanted))) continue;
    await endMachine(folder);
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    cleared += 1;
  }
  return cleared;
}

/** Folders of this user's only: names in a shared folder prove nothing. */
export async function listWorkspaces(): Promise<readonly { readonly folder: string; readonly owner: Owner }[]> {
  const parent = parentFolder();
  const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith(prefix));
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = join(parent, name);
      const status = await lstat(folder).catch(() => undefined);
      if (!status?.isDirectory() || status.uid !== userInfo().uid) return [];
      const owner = await readOwner(folder);
      return owner ? [{ folder, owner }] : [];
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

export async function isRunning({ pid, started }: Pick<Owner, 'pid' | 'started'>): Promise<boolean> {
  return (await startOf(pid)) === started;
}

/** Field 22 of proc_pid_stat(5): when a process was started, in ticks since boot; undefined where there is none. */
export async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** QEMU's own number and start, which the supervisor writes. */
export async function readMachine(folder: string): Promise<Pick<Owner, 'pid' | 'started'> | undefined> {
  const [pid = '', started = ''] = (await readFile(join(folder, 'machine'), 'utf8').catch(() => '')).trim().split(' ');
  return /^\d+$/.test(pid) ? { pid: Number(pid), started } : undefined;
}

async function endMachine(folder: string): Promise<void> {
  const machine = await readMachine(folder);
  if (!machine || !(await isRunning(machine))) return;
  try {
    process.kill(machine.pid, 'SIGKILL');
  } catch {}
}
