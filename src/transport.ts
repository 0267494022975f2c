import type { Duplex } from 'node:stream';
import type { StagingVm, Target } from './model.js';

/**
 * A way to a machine. Two things can be done there: run one POSIX `sh` program, and open byte streams from there.
 * Each transport is one file in `transports/`, and `openTransport` picks one.
 */
export interface Transport {
  readonly name: 'ssh2' | 'openssh' | 'local';
  /** For people and for the run: `root@web.example.org:22 by ssh2`. */
  readonly reached: string;
  /** Where it leads to a staging VM. */
  readonly vm?: StagingVm;
  /** Names of the machines that are on a staging network with this one: they are not its own. Patterns begin with `*.`. */
  readonly others?: readonly string[];
  /**
   * Runs a program with `/bin/sh` on the target and streams its standard output. The program arrives on standard input,
   * never in the argument list: it may hold secrets, and one argument is limited to 128 KiB. Standard input stays open
   * behind the program: its end tells the program that nixspec is gone.
   */
  run(program: string, signal: AbortSignal): RunningProgram;
  /**
   * A byte stream from the target to host:port as the target sees it.
   * @throws Unreachable when the answer was no
   */
  connect(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /** Leaves at once, without a closing exchange. Never throws. */
  close(): Promise<void>;
}

export interface RunningProgram {
  readonly output: AsyncIterable<Buffer>;
  /** Settles when the program is gone; never rejects. `exit` is undefined where the connection was lost. */
  readonly ended: Promise<ProgramEnd>;
}

export interface ProgramEnd {
  readonly exit?: number;
  /** What it (or `sudo`, or the login shell) said on standard error, at most 8 KiB. */
  readonly stderr: string;
  readonly error?: Error;
}

export interface TransportOptions {
  /** `ssh -F FILE` for targets that name no configuration of their own. */
  readonly sshConfig?: string;
  /** Told when nixspec chooses by itself: `production: using the system's ssh, because …`. */
  notice(message: string): void;
  /** Asked for the passphrase of an encrypted key; undefined where nobody can be asked. */
  readonly askPassphrase?: (prompt: string) => Promise<string>;
  readonly signal: AbortSignal;
}

/**
 * Connects to a target; `ssh2` unless its configuration needs what only the system's `ssh` can do.
 * @throws NixspecError with a code for each way in which a connection fails
 */
export async function openTransport(target: Target, options: TransportOptions): Promise<Transport> {
  if (target.local) return (await import('./transports/local.js')).openLocal(target, options);
  const { openSsh } = await import('./transports/ssh.js');
  return openSsh(target, options);
}
