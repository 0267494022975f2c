// Whole processes: wall time from start to exit, and peak memory.

import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** GNU time tells the peak memory of the largest process that was waited for. */
const timer = '/usr/bin/time';

/**
 * @param {{ words: string[], stdin?: string, cwd?: string, env?: Record<string, string> }} command `stdin` is a file
 * @param {{ folder: string, signal: AbortSignal }} place for what is written down meanwhile
 * @returns {Promise<{ seconds: number, mebibytes?: number, exit: number | null, output: string }>}
 */
export async function measure(command, { folder, signal }) {
  signal.throwIfAborted();
  const note = join(folder, 'peak');
  const words = existsSync(timer) ? [timer, '-q', '-f', '%M', '-o', note, ...command.words] : command.words;
  const stdin = command.stdin === undefined ? 'ignore' : openSync(command.stdin);
  const start = process.hrtime.bigint();
  // A group of its own, so that an interrupt ends all of it, and only when asked.
  const child = spawn(words[0], words.slice(1), {
    cwd: command.cwd ?? folder,
    // No agent: who is asked for keys would depend on the shell that the benchmark was started from.
    env: { ...process.env, SSH_AUTH_SOCK: undefined, ...command.env },
    stdio: [stdin, 'pipe', 'pipe'],
    detached: true,
  });
  if (stdin !== 'ignore') closeSync(stdin);
  const interrupt = () => process.kill(-child.pid, 'SIGTERM');
  signal.addEventListener('abort', interrupt);
  try {
    const { exit, end, output } = await follow(child);
    const mebibytes = words === command.words ? undefined : Number(readFileSync(note, 'utf8').trim()) / 1024;
    return { seconds: Number(end - start) / 1e9, mebibytes, exit, output };
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

function follow(child) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let end;
    let exit;
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    // What a process leaves behind (a master connection) may keep the pipes open: `exit` counts, not `close`.
    child.on('exit', (code) => {
      end = process.hrtime.bigint();
      exit = code;
      setTimeout(() => child.stdout.destroy(), 500).unref();
      setTimeout(() => child.stderr.destroy(), 500).unref();
    });
    child.on('close', () => resolve({ exit, end, output: Buffer.concat(chunks).toString() }));
  });
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
