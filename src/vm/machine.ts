import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTail } from './console.js';
import { chooseEnvironment } from './environment.js';
import type { VmKey } from './keys.js';
import { findForwardedPort, Qmp, type QmpEvent } from './qmp.js';
import { supervisor } from './supervisor.js';
import { findWayOut } from './way-out.js';
import { removeWorkspace, type Workspace } from './workspace.js';

/** A QEMU that was started, and how to get at it. */
export interface Machine {
  readonly workspace: Workspace;
  readonly qmp: Qmp;
  /** The runner's port that leads to the machine's SSH. */
  readonly port: number;
  /** Hardware helps; else QEMU emulates, some ten times slower. */
  readonly accelerated: boolean;
  /** What QEMU told beside answers, oldest first. */
  readonly events: readonly QmpEvent[];
  /** Settles with its exit status, when QEMU is gone. */
  readonly exited: Promise<number | undefined>;
  /** From now on it goes on without nixspec. */
  keep(): Promise<void>;
  /** Lets go: what is left of the machine is ended, and its folder removed. */
  release(): Promise<void>;
}

export interface StartMachine {
  /** The VM's own start script. */
  readonly script: string;
  readonly workspace: Workspace;
  /** Who may log in, and who the machine is. */
  readonly userKey: VmKey;
  readonly hostKey: VmKey;
  /** The disk image to boot from; made by the start script where it does not exist. */
  readonly disk: string;
  /** It reaches nothing but itself, whatever its start script says. */
  readonly restricted: boolean;
  readonly signal: AbortSignal;
  /** QEMU's arguments for the cables to other machines. */
  readonly cables?: readonly string[];
}

/** Seconds until QEMU must have opened its socket: the start script makes the disk image before it. */
const socketLimit = 120;

/**
 * Starts a VM by its own script, with a disk and a folder of its own and keys that were made for it. Keys go in as systemd
 * credentials (systemd.system-credentials(7)), so that nothing secret is in the Nix store or in a list of processes. It
 * ends when nixspec does, unless `keep` was called.
 *
 * @throws Error with what QEMU said, when it does not start
 */
export async function startMachine(start: StartMachine): Promise<Machine> {
  const { workspace, signal } = start;
  const { folder } = workspace;
  const events: QmpEvent[] = [];
  const supervised = await supervise(start).catch(async (cause) => {
    await removeWorkspace(folder);
    throw cause;
  });
  const { exited, release, keep } = supervised;
  try {
    const qmp = await waitForQmp(join(folder, 'qmp'), (event) => void events.push(event), exited, signal);
    const port = findForwardedPort(await qmp.ask('info usernet'));
    if (port === undefined) throw new Error('QEMU forwards no port to the SSH of the machine');
    const wayOut = start.restricted ? findWayOut(await qmp.ask('info network')) : undefined;
    if (wayOut !== undefined) throw new Error(`its network is to be restricted, and is not: ${wayOut}`);
    const { enabled } = ((await qmp.execute('query-kvm')) ?? {}) as { readonly enabled?: unknown };
    return { workspace, qmp, port, accelerated: enabled === true, events, exited, keep, release };
  } catch (cause) {
    const said = await readTail(join(folder, 'qemu.log'), 10);
    await release();
    throw signal.aborted ? cause : new Error([(cause as Error).message, said].filter(Boolean).join('\n'), { cause });
  }
}

type Supervised = Pick<Machine, 'exited' | 'keep' | 'release'>;

async function supervise({ script, workspace, disk, cables = [], ...start }: StartMachine): Promise<Supervised> {
  const { folder } = workspace;
  const args = await qemuArguments(folder, start);
  const child = spawn('/bin/sh', ['-c', supervisor, 'nixspec-vm', folder, script, ...args, ...cables], {
    cwd: join(folder, 'tmp'),
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: {
      ...chooseEnvironment(process.env),
      NIX_DISK_IMAGE: disk,
      TMPDIR: join(folder, 'tmp'),
      USE_TMPDIR: '1',
      QEMU_NET_OPTS: `${start.restricted ? 'restrict=on,' : ''}hostfwd=tcp:127.0.0.1:0-:22`,
      // Nix keeps what the environment of a process names, so that no garbage collection takes it from under the VM.
      NIXSPEC_VM_SCRIPT: script,
    },
  });
  const line = child.stdio[3] as Writable;
  line.on('error', () => {});
  const exited = new Promise<number | undefined>((done) => {
    child.on('error', () => done(undefined));
    child.on('exit', (code) => done(code ?? undefined));
  });
  return {
    exited,
    async keep() {
      await new Promise((done) => line.write('keep\n', done));
      await waitUntil(() => existsSync(join(folder, 'kept')), 5);
      line.end();
      child.unref();
    },
    async release() {
      line.end();
      // It gives QEMU five seconds, and removes the folder as the last thing it does.
      await waitUntil(() => !existsSync(folder), 8);
      await removeWorkspace(folder);
    },
  };
}

async function waitUntil(holds: () => boolean, seconds: number): Promise<void> {
  for (let left = seconds * 20; left > 0 && !holds(); left -= 1) await sleep(50);
}

async function qemuArguments(folder: string, keys: Pick<StartMachine, 'userKey' | 'hostKey'>): Promise<string[]> {
  const credentials: readonly (readonly [name: string, value: string])[] = [
    ['ssh.authorized_keys.root', `${keys.userKey.open}\n`],
    ['nixspec.host-key', keys.hostKey.secret],
  ];
  // By QEMU's fw_cfg and not by SMBIOS, which a machine without UEFI has on x86 alone.
  const given = credentials.map(async ([name, value]) => {
    const file = join(folder, `${name}.credential`);
    await writeFile(file, value, { mode: 0o600 });
    return ['-fw_cfg', `name=opt/io.systemd.credentials/${name},file=${escapeOption(file)}`];
  });
  return [
    ...['-qmp', `unix:${escapeOption(join(folder, 'qmp'))},server=on,wait=off`],
    ...['-display', 'none', '-serial', `file:${join(folder, 'serial.log')}`],
    ...(await Promise.all(given)).flat(),
  ];
}

/** A comma ends a value of QEMU's, two of them are one. */
function escapeOption(value: string): string {
  return value.replaceAll(',', ',,');
}

async function waitForQmp(
  socket: string,
  told: (event: QmpEvent) => void,
  exited: Promise<number | undefined>,
  signal: AbortSignal,
): Promise<Qmp> {
  let gone: string | undefined;
  void exited.then((code) => {
    gone = code === undefined ? 'the start script was killed' : `the start script ended with exit status ${code}`;
  });
  for (const end = performance.now() + socketLimit * 1000; performance.now() < end; ) {
    const qmp = await Qmp.open(socket, told).catch(() => undefined);
    if (qmp) return qmp;
    if (gone !== undefined) throw new Error(gone);
    await sleep(50, undefined, { signal });
  }
  throw new Error(`QEMU opened no socket within ${socketLimit} s`);
}
