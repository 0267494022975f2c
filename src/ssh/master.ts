import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { sh } from '../shell/sh.js';

/** A running `ssh -M`, logged in. */
export interface Master {
  readonly socket: string;
  /** Why it ended; undefined while it runs. */
  whyEnded(): string | undefined;
  /** The same, for who has seen the connection go and knows that the reason is about to come. */
  awaitEnd(): Promise<string | undefined>;
  close(): void;
}

/** ssh ended before it was logged in; `stderr` has its words. */
export class MasterFailed extends Error {
  constructor(readonly stderr: string) {
    super('ssh ended');
  }
}

const prefix = 'nixspec-ssh-';
const mostStderr = 16 * 1024;
/** Milliseconds that ssh takes to end, and to say why, after it has closed its socket. */
const lastWords = 500;
/** A Unix socket's path has at most 107 bytes, of which ssh takes 17 more while it makes it. */
const longestFolder = 80;
const lookEvery = 10;

/**
 * Keeps ssh company for as long as nixspec lives: it holds ssh's end of a pipe whose other end nixspec has, and when that
 * closes, be it by `kill -9`, it ends ssh and removes the folder of its socket. Asynchronous lists ignore Ctrl-C in a
 * shell without job control, so that ssh outlives it until nixspec has cleared up. The shell's own words ("Terminated")
 * go nowhere: nobody reads them any more by then, and the write would end it before it has removed the folder. ssh is
 * asked first, so that it gives back a terminal on which it was asking; OpenSSH 9.2 misses a signal now and then (one in
 * five, where its socket is closed at the same moment) until its next keep-alive, hence the second one.
 */
const watch = sh`trap '' INT
folder=$1; shift
exec 3<&0 4>&2 2>/dev/null
"$@" </dev/null 2>&4 3<&- 4>&- &
ssh=$!
{ read -r _ <&3; kill "$ssh"; sleep 0.2; kill -KILL "$ssh"; } 4>&- &
watch=$!
exec 3<&- 4>&-
wait "$ssh"
code=$?
kill "$watch"
rm -rf "$folder"
exit "$code"`;

export interface MasterOptions {
  /** Someone is at the terminal, whom ssh may ask by itself. */
  readonly interactive: boolean;
  /** Seconds until it must have logged in. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Starts `ssh -M` with a socket of its own in a private folder, and waits until it is logged in.
 *
 * @param sshArguments what says which machine, and how
 * @throws MasterFailed with what ssh said; the system's error where there is no ssh; the signal's reason
 */
export async function startMaster(sshArguments: readonly string[], options: MasterOptions): Promise<Master> {
  const base = Buffer.byteLength(tmpdir()) > longestFolder - prefix.length - 16 ? '/tmp' : tmpdir();
  await removeOldFolders(base);
  // mkdtemp makes it for the user alone (0700).
  const folder = await mkdtemp(join(base, `${prefix}${process.pid}-`));
  const socket = join(folder, 'm');
  const child = spawn('/bin/sh', ['-c', watch.raw, 'sh', folder, 'ssh', '-MNT', '-S', socket, ...sshArguments], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    // In a session of its own it has no terminal: nothing can be asked there, and Ctrl-C does not reach it.
    detached: !options.interactive,
  });
  const master = follow(child, socket);
  try {
    await waitUntilReady(master, options);
    child.unref();
    return master;
  } catch (error) {
    master.close();
    throw error;
  }
}

interface Following extends Master {
  stderr(): string;
}

function follow(child: ChildProcessByStdio<Writable, null, Readable>, socket: string): Following {
  let stderr = '';
  let ended: string | undefined;
  child.stdin.on('error', () => {});
  child.on('error', (error) => {
    ended ??= error.message;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-mostStderr);
  });
  child.on('close', (code) => {
    ended ??= stderr.trim().split('\n').slice(-1)[0] || `ssh ended with status ${code}`;
  });
  return {
    socket,
    whyEnded: () => ended,
    awaitEnd: async () => {
      if (ended === undefined) await once(child, 'close', { signal: AbortSignal.timeout(lastWords) }).catch(() => {});
      return ended;
    },
    stderr: () => stderr,
    close: () => {
      child.stdin.destroy();
      child.stderr.destroy();
    },
  };
}

/** ssh makes its socket once it is logged in, which is all it tells. */
async function waitUntilReady(master: Following, { limit, signal }: MasterOptions): Promise<void> {
  const end = Date.now() + limit * 1_000;
  while (!(await isThere(master.socket))) {
    signal.throwIfAborted();
    if (master.whyEnded() !== undefined) throw new MasterFailed(master.stderr());
    if (Date.now() > end) throw new MasterFailed(`${master.stderr()}\nlogging in timed out`);
    await new Promise((resolve) => setTimeout(resolve, lookEvery));
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Left behind where the shell that keeps watch was killed too. */
async function removeOldFolders(base: string): Promise<void> {
  const names = await readdir(base).catch((): string[] => []);
  for (const name of names) {
    const pid = Number(/^nixspec-ssh-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) await rm(join(base, name), { recursive: true, force: true }).catch(() => {});
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
