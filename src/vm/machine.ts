import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmKey } from './keys.js';
import { findForwardedPort, Qmp, type QmpEvent } from './qmp.js';
import { supervisor } from './supervisor.js';
import type { Workspace } from './workspace.js';

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
  /** It goes on when nixspec ends. */
  readonly kept: boolean;
  readonly signal: AbortSignal;
}

/** Seconds until QEMU must have opened its socket: the start script makes the disk image before it. */
const socketLimit = 120;

/**
 * Starts a VM by its own script, with a disk and a folder of its own and keys that were made for it. Keys go in as systemd
 * credentials (systemd.system-credentials(7)), so that nothing secret is in the Nix store or in a list of processes.
 *
 * @throws Error with what QEMU said, when it does not start
 */
export async function startMachine(start: StartMachine): Promise<Machine> {
  const { workspace, script, disk, kept, signal } = start;
  const { folder } = workspace;
  const socket = join(folder, 'qmp');
  const events: QmpEvent[] = [];
  const command = [folder, kept ? 'yes' : 'no', script, ...(await qemuArguments(start))];
  const child = spawn('/bin/sh', ['-c', supervisor, 'nixspec-vm', ...command], {
    cwd: join(folder, 'tmp'),
    detached: true,
    stdio: [kept ? 'ignore' : 'pipe', 'ignore', 'ignore'],
    env: {
      ...process.env,
      NIX_DISK_IMAGE: disk,
      TMPDIR: join(folder, 'tmp'),
      USE_TMPDIR: '1',
      QEMU_NET_OPTS: 'hostfwd=tcp:127.0.0.1:0-:22',
    },
  });
  child.stdin?.on('error', () => {});
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : undefined));
  const release = async () => {
    child.stdin?.end();
    await exited;
    // The supervisor's watcher removes the folder as the last thing it does.
    for (let left = 100; left > 0 && existsSync(folder); left -= 1) await sleep(50);
  };
  try {
    const qmp = await waitForQmp(socket, (event) => void events.push(event), exited, signal);
    const port = findForwardedPort(await qmp.ask('info usernet'));
    if (port === undefined) throw new Error('QEMU forwards no port to the SSH of the machine');
    const { enabled } = ((await qmp.execute('query-kvm')) ?? {}) as { readonly enabled?: unknown };
    return { workspace, qmp, port, accelerated: enabled === true, events, exited, release };
  } catch (cause) {
    const said = await readTail(join(folder, 'qemu.log'), 10);
    await release();
    throw signal.aborted ? cause : new Error(said || (cause as Error).message, { cause });
  }
}

async function qemuArguments({ workspace, userKey, hostKey }: StartMachine): Promise<readonly string[]> {
  const { folder } = workspace;
  const credentials: readonly (readonly [name: string, value: string])[] = [
    ['ssh.authorized_keys.root', `${userKey.open}\n`],
    ['nixspec.host-key', hostKey.secret],
  ];
  const given = credentials.map(async ([name, value]) => {
    const file = join(folder, `${name}.credential`);
    const text = `io.systemd.credential.binary:${name}=${Buffer.from(value).toString('base64')}`;
    await writeFile(file, text, { mode: 0o600 });
    return ['-smbios', `type=11,path=${file}`];
  });
  return [
    ...['-qmp', `unix:${join(folder, 'qmp')},server=on,wait=off`],
    ...['-display', 'none', '-serial', `file:${join(folder, 'serial.log')}`],
    ...(await Promise.all(given)).flat(),
  ];
}

async function waitForQmp(
  socket: string,
  told: (event: QmpEvent) => void,
  exited: Promise<unknown>,
  signal: AbortSignal,
): Promise<Qmp> {
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  for (const end = performance.now() + socketLimit * 1000; performance.now() < end; ) {
    if (gone) throw new Error('the start script ended');
    const qmp = await Qmp.open(socket, told).catch(() => undefined);
    if (qmp) return qmp;
    await sleep(50, undefined, { signal });
  }
  throw new Error(`QEMU did not start within ${socketLimit} s`);
}

/** The last lines of a log, without what only moves a terminal about. */
export async function readTail(file: string, lines: number): Promise<string> {
  const text = (await readFile(file, 'utf8').catch(() => '')).slice(-64 * 1024);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = text.replace(/\u001b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78Mc])/g, '').replace(/\r/g, '');
  return plain.trimEnd().split('\n').slice(-lines).join('\n');
}
