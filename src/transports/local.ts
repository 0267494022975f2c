import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { constants, hostname } from 'node:os';
import type { Duplex, Readable, Writable } from 'node:stream';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import { runInShell, type StartedShell, startCommand } from '../started-shell.js';
import type { RunningProgram, Transport, TransportOptions } from '../transport.js';
import { explainSocketError } from '../unreachable.js';

/** Milliseconds that an abandoned program has to clear up behind itself. */
const patience = 2_000;

/** This machine, without SSH. Programs run in a session of their own, so that Ctrl-C at the terminal does not reach them. */
export async function openLocal(target: Target, options: TransportOptions): Promise<Transport> {
  if (options.signal.aborted) {
    throw new NixspecError('interrupted', 'interrupted', { operation: 'start', target: target.name });
  }
  const running = new Set<StartedShell>();
  return {
    name: 'local',
    reached: `${hostname()} locally`,
    run: (program, signal) => run(target, program, signal, running),
    connect: openSocket,
    close: async () => {
      for (const shell of running) shell.abandon();
    },
  };
}

function run(target: Target, program: string, signal: AbortSignal, running: Set<StartedShell>): RunningProgram {
  const command = startCommand(Buffer.byteLength(program), target.sudo === true);
  const starting = startShell(command.raw, target).then((shell) => {
    running.add(shell);
    void shell.exited.then(() => running.delete(shell));
    return shell;
  });
  return runInShell(starting, program, {
    ...{ where: `${target.name} (this machine)`, target: target.name, sudo: target.sudo === true, signal },
    whyLost: () => 'the shell was killed',
  });
}

async function startShell(command: string, target: Target): Promise<StartedShell> {
  const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  // A program that has ended reads no more: that is no failure of its own.
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      const details = { operation: 'run program', target: target.name, cause };
      reject(
        new NixspecError('shell-unusable', `${target.name}: /bin/sh cannot be started: ${cause.message}`, details),
      );
    });
  });
  const exited = new Promise<number | undefined>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? (signal ? 128 + constants.signals[signal] : undefined)));
  });
  return { input: child.stdin, output: child.stdout, errors: child.stderr, exited, abandon: () => abandon(child) };
}

/** Closes standard input first: only the program knows all that it started. Who ignores that is killed. */
function abandon(child: ChildProcessByStdio<Writable, Readable, Readable>): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const kill = setTimeout(() => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone, or runs as root under sudo and can only be asked.
    }
  }, patience);
  kill.unref();
  child.once('exit', () => clearTimeout(kill));
  child.unref();
}

function openSocket(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = connect({ host, port, noDelay: true });
    const abort = () => socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('interrupted'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
    // Stays for the life of the socket: an error after it was handed over belongs to its user, but must not end us.
    socket.on('error', (error) => reject(explainSocketError(error, host, port)));
    socket.once('connect', () => resolve(socket));
  });
}
