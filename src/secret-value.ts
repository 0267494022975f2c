import { type ChildProcess, spawn } from 'node:child_process';
import { constants, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { makeMasker } from './mask/masker.js';
import type { SecretOrigin } from './spec/secrets.js';

/** Bytes of a secret: a private key has some thousand. */
const longest = 64 * 1024;
/** Bytes of what a command says on standard error that are looked at, and lines of it that are told. */
const mostSaid = 8 * 1024;
const linesTold = 3;

/** Why a secret cannot be had, in words that hold nothing of it. */
export class UnreadableSecret extends Error {}

export interface SecretSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Reads a secret from where it comes. One newline at the end of a file or of what a command prints is left out; a secret
 * is never empty.
 * @throws UnreadableSecret
 */
export async function readSecretValue(origin: SecretOrigin, around: SecretSurroundings): Promise<string> {
  if ('env' in origin) return readVariable(origin.env, around.env);
  const bytes = 'file' in origin ? await readBytes(origin.file) : await runCommand(origin, around);
  return checkText(bytes, 'file' in origin ? 'the file' : 'what the command prints');
}

function readVariable(name: string, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (value === undefined) throw new UnreadableSecret(`the environment variable ${name} is not set`);
  if (value === '') throw new UnreadableSecret(`the environment variable ${name} is empty`);
  return value;
}

function checkText(bytes: Buffer, what: string): string {
  if (bytes.length > longest) throw new UnreadableSecret(`${what} is longer than ${longest / 1024} KiB`);
  const text = decode(bytes);
  if (text === undefined) throw new UnreadableSecret(`${what} is not UTF-8 text`);
  if (text.includes('\0')) throw new UnreadableSecret(`${what} holds a NUL byte`);
  const value = text.replace(/\r?\n$/, '');
  if (value.trim() === '') throw new UnreadableSecret(`${what} is empty`);
  return value;
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------------------------------------------------- files

async function readBytes(path: string): Promise<Buffer> {
  try {
    // Without O_NONBLOCK the opening of a pipe waits for somebody who writes.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if ((await file.stat()).isDirectory()) throw new UnreadableSecret(`${path} is a folder`);
      const buffer = Buffer.alloc(longest + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        ({ bytesRead: read } = await file.read(buffer, length, buffer.length - length));
      }
      return buffer.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UnreadableSecret) throw error;
    throw new UnreadableSecret(explainFile(path, error as NodeJS.ErrnoException), { cause: error });
  }
}

function explainFile(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return `${path} does not exist`;
  if (error.code === 'EACCES' || error.code === 'EPERM') return `${path} may not be read: permission denied`;
  return `${path} cannot be read (${error.code ?? error.message})`;
}

// -------------------------------------------------------------------------------------------------------- commands

type CommandOrigin = Extract<SecretOrigin, { command: unknown }>;

/**
 * It stays in our session, so that it can ask for a PIN on the terminal; its standard input is empty.
 * What it printed before it failed may be a part of the secret: no error holds it.
 */
async function runCommand({ command, timeout, folder }: CommandOrigin, around: SecretSurroundings): Promise<Buffer> {
  const [program = '', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const child = spawn(program, args, { cwd: folder, env: around.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(explainStart(program, folder, error)));
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : code === null ? `the command was ended by ${signal}` : `exit status ${code}`);
    });
  });
  const stdout = keep(child.stdout, longest + 1);
  const stderr = keep(child.stderr, mostSaid);
  const late = new Promise<string>((resolve) => {
    const timer = setTimeout(() => resolve(`the command took longer than ${timeout} s`), timeout * 1000);
    const stop = () => resolve('interrupted');
    if (around.signal.aborted) stop();
    around.signal.addEventListener('abort', stop, { once: true });
    void ended.then(() => {
      clearTimeout(timer);
      around.signal.removeEventListener('abort', stop);
    });
  });
  const failure = await Promise.race([ended, late]);
  const printed = stdout();
  if (failure === undefined) return printed;
  endTree(child);
  throw new UnreadableSecret(`${failure}${whatItSaid(stderr(), printed)}`);
}

function explainStart(program: string, folder: string, error: NodeJS.ErrnoException): string {
  const why = error.code === 'ENOENT' ? 'not found' : error.code === 'EACCES' ? 'permission denied' : error.message;
  return `the command cannot be started in ${folder}: ${program}: ${why}`;
}

/** Reads all, so that nothing is held up, and keeps the start. */
function keep(stream: Readable, most: number): () => Buffer {
  const kept: Buffer[] = [];
  let left = most;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    if (left > 0) kept.push(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
  });
  return () => Buffer.concat(kept);
}

/** The end of what it said on standard error, without what it printed: a tool may say the value in its complaint. */
function whatItSaid(stderr: Buffer, printed: Buffer): string {
  const masker = makeMasker([printed.toString('utf8').trim()].filter(Boolean));
  const lines = masker.text(stderr.toString('utf8')).trim().split('\n').slice(-linesTold);
  return lines.join('') === '' ? '' : `: ${lines.map((line) => line.trim()).join('; ')}`;
}

/** With all that it has started: a shell that is killed leaves the program that it waits for. */
function endTree(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of [...descendantsOf(child.pid), child.pid]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** As Linux tells them (proc_pid_task_children(5)); elsewhere none. */
function descendantsOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [...descendantsOf(child), child]);
  } catch {
    return [];
  }
}
