import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { NixspecError } from '../error.js';
import { readFlakeReference, writeFlakeReference } from '../flake-reference.js';
import type { SshTarget, Target } from '../model.js';
import { quoteWord } from '../shell/sh.js';
import { sshArguments } from '../ssh/config.js';
import { type NixInput, superviseNix } from '../vm/nix.js';
import { nixString } from '../vm/nix-expression.js';
import { explainBuild, explainEvaluation } from '../vm/nix-failure.js';

export type { NixInput };

/**
 * What builds the system of a host: for `--dry-run` too.
 * @param host undefined: the only one, or the one that is called like the target
 */
export function buildCommand(flake: string, host: string): readonly string[] {
  const name = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(host) ? host : nixString(host);
  return [
    'build',
    '--no-link',
    '--print-out-paths',
    `${flake}#nixosConfigurations.${name}.config.system.build.toplevel`,
  ];
}

/**
 * The system of a host of a flake, built here.
 * @returns its path in the Nix store
 * @throws NixspecError `build-failed` with what of Nix's words tells why, `nix-missing`, `usage`
 */
export async function buildSystem(reference: string, input: NixInput): Promise<string> {
  const { flake, host } = await findHost(reference, input);
  input.show(`building ${host}`);
  const { exit, printed, log } = await runNix(buildCommand(flake, host), input);
  const path = printed.trim().split('\n').at(-1) ?? '';
  if (exit === 0 && path.startsWith('/nix/store/')) return path;
  const { message, hint } = explainBuild(log);
  const shown = `${input.target}: ${writeFlakeReference({ flake, host })} cannot be built: ${message}`;
  throw new NixspecError('build-failed', shown, { operation: 'build', target: input.target, ...(hint && { hint }) });
}

/** @throws NixspecError `usage` where it is not clear which host is meant */
export async function findHost(reference: string, input: NixInput): Promise<{ flake: string; host: string }> {
  const read = readFlakeReference(reference);
  const details = { operation: 'build', target: input.target };
  if (!read) {
    const hint = 'for example --flake .#web';
    throw new NixspecError('usage', `${reference} names no host of a flake`, { ...details, hint });
  }
  if (read.host !== undefined) return { flake: read.flake, host: read.host };
  const apply = ['eval', '--json', `${read.flake}#nixosConfigurations`, '--apply', 'builtins.attrNames'];
  const { exit, printed, log } = await runNix(apply, input);
  if (exit !== 0) {
    const { message, hint } = explainEvaluation(log);
    throw new NixspecError('build-failed', `${input.target}: ${message}`, { ...details, ...(hint && { hint }) });
  }
  const names = JSON.parse(printed) as readonly string[];
  const host = names.length === 1 ? names[0] : names.find((name) => name === input.target);
  if (host !== undefined) return { flake: read.flake, host };
  const hint = `say which: --flake ${read.flake}#${names[0] ?? hostname()}`;
  throw new NixspecError('usage', `the flake ${read.flake} has the hosts ${names.join(', ')}`, { ...details, hint });
}

/** What copies a system to a target, and the environment that takes Nix's own ssh the way of nixspec's. */
export function copyCommand(path: string, { ssh }: Target, sshConfig?: string) {
  if (!ssh) return undefined;
  const address: SshTarget = {
    ...ssh,
    ...(ssh.config === undefined && sshConfig !== undefined && { config: sshConfig }),
  };
  // Nix puts its own command line together: all but the host goes by this variable. Before 2.26 it knew no quotes there.
  const own = sshArguments(address).slice(0, -2);
  const bare = own.map((word) => (/\s/.test(word) ? quoteWord(word) : word.replaceAll('"', '')));
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    // What was built here has no signature: as deploy-rs does, a login that the store there trusts is enough.
    args: ['copy', '--no-check-sigs', '--to', `ssh-ng://${host}`, path],
    env: { NIX_SSHOPTS: [...bare, ...sshSettings.flatMap((setting) => ['-o', setting])].join(' ') },
  };
}

/** As for nixspec's own connections: nobody is asked, no unknown host is trusted, no other connection is used. */
const sshSettings = ['StrictHostKeyChecking=yes', 'BatchMode=yes', 'ControlMaster=no', 'ControlPath=none'];

/** @throws NixspecError `copy-failed` */
export async function copySystem(
  path: string,
  target: Target,
  sshConfig: string | undefined,
  input: NixInput,
): Promise<void> {
  const command = copyCommand(path, target, sshConfig);
  if (!command) return;
  input.show('copying the new system');
  const { exit, log } = await runNix(command.args, input, command.env);
  if (exit === 0) return;
  const { message, hint } = explainEvaluation(log);
  throw new NixspecError('copy-failed', `${target.name}: ${path} cannot be copied there: ${message}`, {
    operation: 'copy',
    target: target.name,
    hint:
      hint ??
      'try `nix copy` by hand; where the login is not root, the store there must trust it (trusted-users) or the signatures',
  });
}

async function runNix(args: readonly string[], input: NixInput, env: { readonly [name: string]: string } = {}) {
  try {
    return await superviseNix('nix', args, input, env);
  } catch (error) {
    if (!(error instanceof NixspecError) || error.code !== 'nix-missing') throw error;
    throw new NixspecError(
      'nix-missing',
      `${input.target}: building and copying take \`nix\`, and there is none here`,
      {
        operation: 'build',
        target: input.target,
        hint: 'run nixspec where Nix is installed, or give a path that is on the target already: --closure /nix/store/…',
      },
    );
  }
}

/** Ctrl-C reaches it by the terminal; where it is ended otherwise, it has so many milliseconds. */
const patience = 10_000;

/**
 * Runs the user's deployer as it is, with its own output.
 * @returns its exit status; that of a signal is 128 and its number, as shells have it
 * @throws NixspecError `usage` where it cannot be started
 */
export async function runDeployer(words: readonly string[], signal: AbortSignal): Promise<number> {
  const [program = '', ...args] = words;
  // Standard output is for the report.
  const child = spawn(program, args, { stdio: ['inherit', 2, 2] });
  let kill: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGTERM');
    kill = setTimeout(() => child.kill('SIGKILL'), patience);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise((done, fail) => {
      child.on('error', fail);
      child.on('exit', (code, name) => done(code ?? (name === null ? 128 : 128 + (signals[name] ?? 0))));
    });
  } catch (cause) {
    throw new NixspecError('usage', `${program} cannot be run: ${(cause as Error).message}`, {
      operation: 'deploy',
      cause,
    });
  } finally {
    clearTimeout(kill);
    signal.removeEventListener('abort', stop);
  }
}

const signals: { readonly [name: string]: number } = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
