import type { Readable, Writable } from 'node:stream';
import { NixspecError } from './error.js';
import type { Script } from './model.js';
import { sh } from './shell/sh.js';
import type { ProgramEnd, RunningProgram } from './transport.js';

/** A `/bin/sh` that a transport has started and that waits for its program on standard input. */
export interface StartedShell {
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  /** The exit status, once all output is in; undefined where it was lost sight of. Never rejects. */
  readonly exited: Promise<number | undefined>;
  /** Closes all streams, and with them the program's standard input, which is how it learns that nixspec is gone. */
  abandon(): void;
}

export interface ProgramContext {
  /** `production (root@web.example.org:22)`. */
  readonly where: string;
  readonly target: string;
  readonly sudo: boolean;
  readonly signal: AbortSignal;
  /** Why the connection is gone, as far as is known. */
  whyLost(): string | Promise<string>;
}

const mostStderr = 8 * 1024;

/**
 * The command that starts a program which then arrives on standard input: `head` takes exactly its bytes, and what comes
 * behind is left to it. It works whatever the login shell is (fish and csh run it too), and it shows no program in the
 * list of processes. `sh -s` was ruled out: bash reads a pipe byte by byte, and dash reads ahead and swallows what
 * stands behind the program.
 *
 * @param bytes length of the program in UTF-8
 */
export function startCommand(bytes: number, sudo: boolean): Script {
  // What sshd and sudo set as PATH need not have NixOS's own places; sudo's words are only known in English.
  const prepare = sh`PATH=/run/wrappers/bin:/run/current-system/sw/bin:$PATH:/usr/bin:/bin LC_ALL=C; export PATH LC_ALL;`;
  const read = sh`${prepare} eval "$(head -c ${bytes})"`;
  if (!sudo) return sh`exec /bin/sh -c ${read.raw}`;
  return sh`exec /bin/sh -c ${sh`${prepare} exec sudo -n -- /bin/sh -c "$1"`.raw} sh ${read.raw}`;
}

/** Sends a program to a shell that is being started, and follows it to its end. */
export function runInShell(starting: Promise<StartedShell>, program: string, context: ProgramContext): RunningProgram {
  const following = starting.then((shell) => {
    if (context.signal.aborted) shell.abandon();
    else shell.input.write(program);
    return { shell, stderr: keepStart(shell.errors) };
  });
  // Whoever reads `ended` learns of a failed start; without this it would also count as unhandled.
  following.catch(() => {});
  return { output: readOutput(following), ended: followToEnd(following, context) };
}

type Following = Promise<{ readonly shell: StartedShell; readonly stderr: () => string }>;

/** Ends without an error in every case: why is told by `ended`. */
async function* readOutput(following: Following): AsyncGenerator<Buffer> {
  try {
    const { shell } = await following;
    // The exit status is still to come when the output ends, so that the stream must not be closed here.
    for await (const chunk of shell.output.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch {}
}

async function followToEnd(following: Following, context: ProgramContext): Promise<ProgramEnd> {
  try {
    const { shell, stderr } = await following;
    const exit = await waitForExit(shell, context.signal);
    const said = stderr();
    if (context.signal.aborted) return { stderr: said, error: interrupted(context) };
    if (exit === undefined) return { stderr: said, error: await lost(context) };
    const error = context.sudo && exit !== 0 ? explainSudo(said, context) : undefined;
    return { exit, stderr: said, ...(error && { error }) };
  } catch (cause) {
    if (context.signal.aborted) return { stderr: '', error: interrupted(context) };
    return { stderr: '', error: cause instanceof NixspecError ? cause : await lost(context, cause) };
  }
}

async function waitForExit(shell: StartedShell, signal: AbortSignal): Promise<number | undefined> {
  let abort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => {
      shell.abandon();
      resolve(undefined);
    };
  });
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([shell.exited, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Reads all, so that nothing is held up, and keeps the start: what sudo and the login shell say comes first. */
function keepStart(stream: Readable): () => string {
  const kept: Buffer[] = [];
  let left = mostStderr;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    if (left > 0) kept.push(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
  });
  return () => Buffer.concat(kept).toString('utf8');
}

function interrupted({ target }: ProgramContext): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'run program', target });
}

async function lost({ where, target, whyLost }: ProgramContext, cause?: unknown): Promise<NixspecError> {
  const why = await whyLost();
  return new NixspecError('connection-lost', `${where}: the connection was lost while the program ran: ${why}`, {
    operation: 'run program',
    target,
    ...(cause !== undefined && { cause }),
    hint: 'what the program had answered until then is kept; is the machine or its network restarting?',
  });
}

/** By its words (LC_ALL=C): sudo's exit status is 1 for all of these, as it may be of a program. */
function explainSudo(stderr: string, { where, target }: ProgramContext): NixspecError | undefined {
  const details = { operation: 'run program with sudo', target };
  const said = stderr.trim().split('\n').slice(-1)[0] ?? '';
  if (/password is required|terminal is required|tty present|must have a tty/.test(stderr)) {
    return new NixspecError('sudo-needs-password', `${where}: sudo asks for a password (${said})`, {
      ...details,
      hint: 'let this user run `sudo -n` without one (NixOS: security.sudo.wheelNeedsPassword = false), log in as root, or leave out `sudo: true`',
    });
  }
  if (/not in the sudoers|not allowed to|may not run sudo|sudo: .*not found|sudo: unable to/i.test(stderr)) {
    return new NixspecError('sudo-not-permitted', `${where}: sudo does not let this user run programs (${said})`, {
      ...details,
      hint: 'allow it in the sudoers (NixOS: the group wheel), log in as root, or leave out `sudo: true`',
    });
  }
  return undefined;
}
