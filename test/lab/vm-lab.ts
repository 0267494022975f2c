// The VM lab as tests see it: what to build, and a machine that runs (see README.md here).

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Output } from './lab.js';

export type VmLab = {
  /** A folder; its `nixosConfigurations` are the hosts. */
  flake: string;
  image: string;
  /** What Nix needs in its environment, beside what is there. */
  environment: Record<string, string>;
};

export const vmScript = fileURLToPath(new URL('./vm-lab.sh', import.meta.url));

/** What vm-lab.sh has prepared, or what is lacking, in words for a skipped test. */
export function findVmLab(): VmLab | { skip: string } {
  const { stdout } = spawnSync(vmScript, ['status'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const state = JSON.parse(stdout.trim() || '{"lacks": "vm-lab.sh says nothing"}') as VmLab & { lacks?: string };
  return state.lacks === undefined ? state : { skip: `no VM lab: ${state.lacks}` };
}

/** Builds what a Nix expression of `flake` (the lab's, evaluated) is. @throws Error with what Nix said */
export function build(lab: VmLab, expression: string): string {
  const whole = `let flake = builtins.getFlake "path:${lab.flake}"; in ${expression}`;
  const said = execFileSync('nix', ['build', '--no-link', '--json', '--impure', '--expr', whole], {
    encoding: 'utf8',
    env: { ...process.env, ...lab.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return (JSON.parse(said) as { outputs: { out: string } }[])[0]?.outputs.out ?? '';
}

export type RunningVm = {
  /** Milliseconds from the start of QEMU until a command ran over SSH. */
  readonly booted: number;
  /** Runs a command as root, over SSH; the machine's host key is known. */
  run(command: string): Output;
  /** Powers off from inside. @returns QEMU's exit status */
  powerOff(): Promise<number | null>;
  kill(): void;
};

/** Boots a VM by its start script, in a folder that may have the disk and the keys of an earlier boot. */
export async function boot(script: string, folder: string, limit = 90_000): Promise<RunningVm> {
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  for (const key of ['user', 'host'])
    if (!existsSync(join(folder, key)))
      execFileSync('ssh-keygen', ['-qt', 'ed25519', '-N', '', '-f', join(folder, key)]);
  const credentials = { 'ssh.authorized_keys.root': 'user.pub', 'nixspec.host-key': 'host' };
  const given = Object.entries(credentials).flatMap(([name, file]) => {
    const path = join(folder, `${file}.credential`);
    const content = readFileSync(join(folder, file)).toString('base64');
    writeFileSync(path, `io.systemd.credential.binary:${name}=${content}`, { mode: 0o600 });
    return ['-smbios', `type=11,path=${path}`];
  });
  const control = ['-qmp', `unix:${join(folder, 'qmp')},server=on,wait=off`];
  const started = performance.now();
  const qemu = spawn(script, [...control, '-serial', `file:${join(folder, 'serial.log')}`, ...given], {
    env: {
      ...process.env,
      NIX_DISK_IMAGE: join(folder, 'disk.qcow2'),
      TMPDIR: join(folder, 'tmp'),
      USE_TMPDIR: '1',
      QEMU_NET_OPTS: 'hostfwd=tcp:127.0.0.1:0-:22',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const port = await findPort(folder, qemu);
    const run = reach(folder, port);
    while (!(await greets(port)) || run('true').status !== 0) {
      if (qemu.exitCode !== null || performance.now() - started > limit) throw new Error(whatItSaid(folder));
    }
    return {
      run,
      booted: performance.now() - started,
      powerOff: () => powerOff(qemu, run),
      kill: () => qemu.kill('SIGKILL'),
    };
  } catch (error) {
    qemu.kill('SIGKILL');
    throw error;
  }
}

/** The port that QEMU has chosen; it is told on QEMU's own socket alone. */
async function findPort(folder: string, qemu: ChildProcess): Promise<number> {
  for (let look = 0; look < 300 && qemu.exitCode === null; look += 1) {
    const said = await askQemu(join(folder, 'qmp')).catch(() => '');
    const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(said)?.[1];
    if (port !== undefined) return Number(port);
    await sleep(100);
  }
  throw new Error('QEMU forwards no port');
}

function askQemu(socket: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const stream = connect(socket).on('error', reject);
    stream.setTimeout(2000, () => stream.destroy(new Error('no answer')));
    stream.write('{"execute":"qmp_capabilities"}\n');
    stream.write('{"execute":"human-monitor-command","arguments":{"command-line":"info usernet"}}\n');
    stream.on('data', (chunk) => {
      said += chunk;
      // The greeting, the answer to the first, and the one that is wanted.
      if (said.split('\n').filter((line) => line.includes('"return"')).length === 2) {
        stream.end();
        resolve(said);
      }
    });
  });
}

/**
 * Whether an SSH server says its name at once. QEMU takes connections long before the machine has a network, and those hang:
 * it is better to try again soon than to wait for one of them.
 */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = connect(port, '127.0.0.1');
    stream.setTimeout(1000, () => stream.destroy());
    stream.on('error', () => {});
    stream.on('data', (chunk) => {
      stream.destroy();
      resolve(chunk.toString().startsWith('SSH-'));
    });
    stream.on('close', () => setTimeout(resolve, 100, false));
  });
}

function reach(folder: string, port: number): (command: string) => Output {
  const hostKey = readFileSync(join(folder, 'host.pub'), 'utf8');
  writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`);
  const settings = {
    IdentityFile: join(folder, 'user'),
    UserKnownHostsFile: join(folder, 'known_hosts'),
    StrictHostKeyChecking: 'yes',
    ConnectTimeout: '20',
    LogLevel: 'ERROR',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (command) => {
    const args = ['-F', 'none', '-p', String(port), ...options, 'root@127.0.0.1', command];
    const { status, stdout, stderr } = spawnSync('ssh', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    return { status: status ?? 255, stdout, stderr };
  };
}

async function powerOff(qemu: ChildProcess, run: RunningVm['run']): Promise<number | null> {
  const exited = new Promise<number | null>((resolve) => qemu.on('exit', resolve));
  run('systemctl --no-block poweroff');
  const late = setTimeout(() => qemu.kill('SIGKILL'), 30_000);
  const code = await exited;
  clearTimeout(late);
  return code;
}

function whatItSaid(folder: string): string {
  const said = existsSync(join(folder, 'serial.log')) ? readFileSync(join(folder, 'serial.log'), 'utf8') : '';
  return `the machine did not come up; the end of its console:\n${said.slice(-2000)}`;
}
