import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { arch } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { NixspecError } from '../error.js';
import { type FlakeHost, fileConfiguration, flakeConfiguration, vmExpression } from './nix-expression.js';
import type { VmSettings } from './settings.js';

export interface BuildInput {
  readonly target: string;
  readonly settings: VmSettings;
  /** What relative paths mean: the folder of the spec. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told what Nix says it is doing. */
  readonly show: (stage: string) => void;
}

/**
 * Builds the VM of a host.
 * @returns its start script
 * @throws NixspecError `nix-missing`, or `vm-build-failed` with the end of what Nix said
 */
export async function buildVm(input: BuildInput): Promise<string> {
  const { settings, folder } = input;
  if (settings.command !== undefined) return findCommand(settings.command, input);
  input.show('evaluating the configuration');
  const installable = await chooseInstallable(input);
  const said = await runNix(['build', '--no-link', '--json', '--print-build-logs', ...installable], input);
  const [{ outputs } = { outputs: undefined }] = JSON.parse(said) as { outputs?: { out?: string } }[];
  return findScript(outputs?.out ?? '', input, folder);
}

/**
 * What `buildVm` would build, without building it: the folder in the Nix store, or the start script that is named.
 * @throws NixspecError
 */
export async function evaluateVm(input: BuildInput): Promise<string> {
  if (input.settings.command !== undefined) return realpath(findCommand(input.settings.command, input));
  const installable = await chooseInstallable(input);
  const said = await runNix(['build', '--dry-run', '--no-link', '--json', ...installable], input);
  const [{ outputs } = { outputs: undefined }] = JSON.parse(said) as { outputs?: { out?: string } }[];
  return outputs?.out ?? '';
}

async function chooseInstallable({ settings, ...input }: BuildInput): Promise<readonly string[]> {
  const { flake, file, attribute } = settings;
  if (flake !== undefined && attribute !== undefined) return [`${flake.split('#', 1)[0]}#${attribute}`];
  const modulePath = new URL('../../nix/vm.nix', import.meta.url).pathname;
  const resolved = { ...settings, modules: settings.modules.map((path) => resolve(input.folder, path)) };
  const configuration =
    file === undefined
      ? flakeConfiguration(await findHost(flake ?? '.', { ...input, settings }))
      : fileConfiguration(resolve(input.folder, file));
  return ['--impure', '--expr', vmExpression(configuration, resolved, modulePath)];
}

/** The flake as Nix knows it, and the host that is named, or the only one that there is. */
async function findHost(reference: string, input: BuildInput): Promise<FlakeHost> {
  const [flake = '.', fragment = ''] = reference.split('#', 2);
  const said = await runNix(['flake', 'metadata', '--json', flake === '' ? '.' : flake], input);
  const { url } = JSON.parse(said) as { readonly url?: unknown };
  if (typeof url !== 'string') throw buildFailed(input, `${flake} is no flake`, '');
  const named = fragment.replace(/^nixosConfigurations\./, '').replace(/^"(.*)"$/, '$1');
  if (named !== '') return { url, host: named };
  const names = JSON.parse(
    await runNix(['eval', '--json', `${flake}#nixosConfigurations`, '--apply', 'builtins.attrNames'], input),
  ) as readonly string[];
  const [host] = names;
  if (host !== undefined && names.length === 1) return { url, host };
  throw new NixspecError('usage', `${input.target}: ${flake} has the hosts ${names.join(', ')}`, {
    operation: 'build VM',
    target: input.target,
    hint: `say which, for example vm: { flake: "${flake}#${host ?? 'web'}" }`,
  });
}

/** What Nix prints; what it says meanwhile is shown, and its end is kept for the case that it fails. */
export async function runNix(args: readonly string[], input: BuildInput): Promise<string> {
  const child = spawn('nix', ['--extra-experimental-features', 'nix-command flakes', ...args], {
    cwd: input.folder,
    signal: input.signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    tail.push(line);
    if (tail.length > mostLines) tail.shift();
    input.show(line.slice(0, 200));
  });
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  }).catch((cause: NodeJS.ErrnoException) => {
    if (input.signal.aborted) throw interrupted(input);
    throw cause.code === 'ENOENT' ? nixMissing(input) : cause;
  });
  if (code === 0) return Buffer.concat(printed).toString('utf8');
  if (input.signal.aborted) throw interrupted(input);
  throw buildFailed(input, `nix ${args[0]} ended with exit status ${code}`, tail.join('\n'));
}

/** Lines of Nix's own words that are shown when it fails. */
const mostLines = 40;

async function findScript(out: string, input: BuildInput, folder: string): Promise<string> {
  const bin = join(out, 'bin');
  const names = await readdir(bin).catch(() => []);
  // Its name has the host's, which may be another than that of the attribute.
  const script = names.find((name) => /^run-.*-vm$/.test(name));
  if (script !== undefined) return resolve(folder, bin, script);
  throw buildFailed(input, `${out || 'what was built'} has no bin/run-…-vm`, 'is it the VM of a NixOS host?');
}

function findCommand(command: string, { folder, target }: BuildInput): string {
  const path = isAbsolute(command) ? command : join(folder, command);
  if (existsSync(path)) return path;
  throw new NixspecError('usage', `${target}: ${path} does not exist`, {
    operation: 'build VM',
    target,
    hint: "`command` is the path of a VM's start script, for example ./result/bin/run-web-vm",
  });
}

/** The platform of the machine that nixspec runs on, in Nix's words. */
export function runnerSystem(): string {
  const names: { readonly [name: string]: string } = { x64: 'x86_64', arm64: 'aarch64', ia32: 'i686' };
  return `${names[arch()] ?? arch()}-${process.platform}`;
}

function buildFailed({ target }: BuildInput, why: string, said: string): NixspecError {
  return new NixspecError('vm-build-failed', `${target}: the VM was not built: ${why}${said && `\n${said}`}`, {
    operation: 'build VM',
    target,
  });
}

function nixMissing({ target }: BuildInput): NixspecError {
  return new NixspecError('nix-missing', `${target}: building the VM takes \`nix\`, and there is none here`, {
    operation: 'build VM',
    target,
    hint: 'run nixspec where Nix is installed, or build the VM elsewhere and name its start script: `vm: { command: … }`',
  });
}

function interrupted({ target }: BuildInput): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'build VM', target });
}
