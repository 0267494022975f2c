import { spawn } from 'node:child_process';
import { NixspecError } from '../error.js';
import { NixLog } from './nix-log.js';

export interface NixInput {
  readonly target: string;
  /** Where it runs: what relative references mean. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told what Nix is doing. */
  readonly show: (stage: string) => void;
}

/** How it ended, and what it said. */
export interface NixEnd {
  readonly exit: number | null;
  readonly printed: string;
  readonly log: NixLog;
}

/** Bytes: of what Nix prints, and of one line of what it says. */
const most = { printed: 4 * 1024 * 1024, line: 1024 * 1024 } as const;

/** Milliseconds that Nix has to end by itself when it is interrupted. */
const patience = 2000;

/**
 * Runs `nix` or `nix-store`. It leads a process group of its own, so that an interruption ends it, and, without a daemon, the
 * builders that are its children, before this throws.
 *
 * @throws NixspecError `nix-missing`, `interrupted`
 */
export async function superviseNix(
  program: 'nix' | 'nix-store',
  args: readonly string[],
  input: NixInput,
  env: { readonly [name: string]: string } = {},
): Promise<NixEnd> {
  const features = program === 'nix' ? ['--extra-experimental-features', 'nix-command flakes'] : [];
  if (input.signal.aborted) throw interrupted(input);
  const child = spawn(program, [...features, '--log-format', 'internal-json', ...args], {
    cwd: input.folder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = new NixLog();
  readLines(child.stderr, (line) => {
    const stage = log.read(line);
    if (stage !== undefined) input.show(stage);
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (printed.length < most.printed) printed += text;
  });
  const stop = () => endGroup(child.pid);
  input.signal.addEventListener('abort', stop, { once: true });
  try {
    const exit = await new Promise<number | null>((done, fail) => {
      child.on('error', fail);
      child.on('close', done);
    });
    if (input.signal.aborted) throw interrupted(input);
    return { exit, printed, log };
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT' ? nixMissing(input) : cause;
  } finally {
    input.signal.removeEventListener('abort', stop);
  }
}

/** Nix ends its builders when it is interrupted; where it is stuck, it is killed, and they with it (PR_SET_PDEATHSIG). */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name);
    } catch {
      // Gone.
    }
  };
  signal('SIGINT');
  setTimeout(signal, patience, 'SIGKILL').unref();
}

/** As `readline`, but of a line that is too long only the beginning is kept. */
function readLines(stream: NodeJS.ReadableStream, read: (line: string) => void): void {
  let line = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const [first = '', ...more] = text.split('\n');
    line += first.slice(0, Math.max(0, most.line - line.length));
    for (const next of more) {
      read(line);
      line = next;
    }
  });
  stream.on('end', () => {
    if (line !== '') read(line);
  });
}

function nixMissing({ target }: NixInput): NixspecError {
  return new NixspecError('nix-missing', `${target}: building the VM takes \`nix\`, and there is none here`, {
    operation: 'build VM',
    target,
    hint: 'run nixspec where Nix is installed, or build the VM elsewhere and name its start script: `vm: { command: … }`',
  });
}

function interrupted({ target }: NixInput): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'build VM', target });
}
