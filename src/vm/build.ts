import { readdir, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closest, distance } from 'fastest-levenshtein';
import { NixspecError } from '../error.js';
import { readFlakeReference, writeFlakeReference } from '../flake-reference.js';
import { listSome } from '../text.js';
import { type MachineFacts, type NetworkMember, networkModule, readMachineFacts } from './network-facts.js';
import { type NixEnd, type NixInput, superviseNix } from './nix.js';
import { type DescribedVm, describeExtended, describeHost, describeOwn, fileConfiguration } from './nix-expression.js';
import { explainBuild, explainEvaluation } from './nix-failure.js';
import { guestSystem, runnerSystem } from './platform.js';
import { isOwn, locate, type VmSettings } from './settings.js';

export interface EvaluateInput extends NixInput {
  readonly settings: VmSettings;
  /** On a network with others: what Nix is to know of all of them. */
  readonly network?: NetworkMember;
}

export interface BuildInput extends EvaluateInput {
  /** Tells what stays to be read. */
  readonly say: (text: string) => void;
}

export interface BuiltVm {
  /** Its start script. */
  readonly script: string;
  /** The platform of the machine that nixspec runs on: `x86_64-linux`. */
  readonly runner: string;
  /** The VM's, and the one that the host is configured for; unknown of a VM that nixspec's module is not in. */
  readonly guest?: string;
  readonly configured?: string;
  /** The system that a switch of the host itself would bring. */
  readonly toplevel?: string;
}

/**
 * Builds the VM of a host: one evaluation, which tells all that is to be known, and one build.
 *
 * @throws NixspecError `usage`, `nix-missing`, or `vm-build-failed` with what of Nix's words tells why
 */
export async function buildVm(input: BuildInput): Promise<BuiltVm> {
  const { settings, target, say } = input;
  const runner = runnerSystem();
  if (settings.command !== undefined) return { script: settings.command, runner };
  input.show('evaluating the configuration');
  const { derivation, platforms, warnings, toplevel } = await evaluate(input, (found) =>
    tellPlatforms(target, found, say),
  );
  for (const warning of new Set(warnings)) say(`${target}: ${warning}`);
  const built = await superviseNix('nix-store', ['--realise', derivation], input);
  if (built.exit !== 0) throw buildFailed(input, explainBuild(built.log));
  const script = await findScript(built.printed.trim().split('\n'), input);
  return { script, ...platforms, ...(toplevel !== undefined && { toplevel }) };
}

/**
 * What `buildVm` would build, without building it: the folder in the Nix store, or the start script that is named.
 * @throws NixspecError
 */
export async function evaluateVm(input: EvaluateInput): Promise<string> {
  const { command } = input.settings;
  return command === undefined ? (await evaluate(input)).output : realpath(command);
}

type Platforms = Omit<BuiltVm, 'script' | 'toplevel'>;

interface Evaluated {
  readonly derivation: string;
  readonly output: string;
  readonly platforms: Platforms;
  readonly warnings: readonly string[];
  readonly toplevel?: string;
}

/** @param tell told of the platforms, also where the rest cannot be evaluated */
async function evaluate(input: EvaluateInput, tell?: (platforms: Platforms) => void): Promise<Evaluated> {
  const runner = runnerSystem();
  const end = await superviseNix('nix', ['eval', '--json', '--no-write-lock-file', ...chooseInstallable(input)], input);
  const configured = end.log.traced.find((line) => line.startsWith('own '))?.slice('own '.length);
  const guest = isOwn(input.settings) ? undefined : guestSystem(input.settings, runner);
  const platforms: Platforms = { runner, ...(guest && { guest }), ...(configured && { configured }) };
  tell?.(platforms);
  if (end.exit !== 0) throw evaluationFailed(end, input, platforms);
  const described = JSON.parse(end.printed) as DescribedVm;
  const { toplevel } = described;
  return {
    ...checkDescribed(described, input, runner),
    ...{ platforms, warnings: end.log.warnings },
    ...(toplevel !== undefined && { toplevel }),
  };
}

/** What `nix` prints. @throws NixspecError `vm-build-failed` with the reason */
export async function runNix(args: readonly string[], input: NixInput): Promise<string> {
  const { exit, printed, log } = await superviseNix('nix', args, input);
  if (exit === 0) return printed;
  const { message, hint } = explainEvaluation(log);
  throw buildFailed(input, { message: `nix ${args[0]}: ${message}`, ...(hint !== undefined && { hint }) });
}

/** What the other machines of a private network are to know of this one. @throws NixspecError as `evaluateVm` does */
export async function askMachineFacts(input: EvaluateInput): Promise<MachineFacts> {
  input.show('evaluating the network');
  const installable = chooseInstallable(input, 'machine');
  const end = await superviseNix('nix', ['eval', '--json', '--no-write-lock-file', ...installable], input);
  if (end.exit !== 0) throw evaluationFailed(end, input, { runner: runnerSystem() });
  const { missing, machine } = JSON.parse(end.printed) as DescribedVm;
  if (missing) throw noSuchHost(missing, input);
  return readMachineFacts(machine);
}

function chooseInstallable({ settings, folder, network }: EvaluateInput, wanted?: 'machine'): readonly string[] {
  const { file, attribute } = settings;
  if (file !== undefined && attribute !== undefined) {
    return ['--impure', '--file', file, attribute, '--apply', describeOwn];
  }
  const reference = readReference(settings);
  // Only what begins like a path is one; `conf` is a name of Nix's registry.
  const flake = /^[.~/]/.test(reference.flake) ? locate(reference.flake, folder) : reference.flake;
  if (attribute !== undefined) return [`${flake}#${attribute}`, '--apply', describeOwn];
  const runner = runnerSystem();
  const modulePath = fileURLToPath(new URL('../../nix/vm.nix', import.meta.url));
  const platforms = { runner, guest: guestSystem(settings, runner) };
  const asked = { ...(network && { more: networkModule(network) }), ...(wanted && { wanted }) };
  const describe = describeExtended(settings, platforms, modulePath, asked);
  if (file !== undefined) return ['--impure', '--expr', `(${describe}) (${fileConfiguration(file)})`];
  return ['--impure', `${flake}#nixosConfigurations`, '--apply', describeHost(reference.host, describe)];
}

function readReference({ flake = '.' }: VmSettings) {
  return readFlakeReference(flake) ?? { flake: flake.split('#', 1)[0] || '.' };
}

function tellPlatforms(target: string, { runner, guest, configured }: Platforms, say: BuildInput['say']): void {
  if (guest === undefined || configured === undefined) return;
  if (guest !== runner) {
    const own = configured === guest ? "the host's own" : `the host's own is ${configured}`;
    say(`${target}: built for ${guest}, ${own}, and emulated here (${runner})`);
  } else if (guest !== configured) {
    say(`${target}: built for ${guest}, as this machine is; the host itself is ${configured}, which is not tried`);
  }
}

/** @throws NixspecError where there is no such host, or its VM cannot run here */
function checkDescribed(described: DescribedVm, input: EvaluateInput, runner: string) {
  const { missing, derivation, output = '', runs } = described;
  if (missing) throw noSuchHost(missing, input);
  if (derivation === undefined) throw noDerivation(input);
  if (runs === runner) return { derivation, output };
  throw new NixspecError('usage', `${input.target}: the VM's start script is for ${runs}; this machine is ${runner}`, {
    operation: 'build VM',
    target: input.target,
    hint:
      isOwn(input.settings) || guestSystem(input.settings, runner) !== runner
        ? '`virtualisation.host.pkgs` of the VM says what its start script runs on'
        : `the flake gives the host packages of its own (\`pkgs\`, \`nixpkgs.pkgs\`), which cannot be had for another platform by nixspec; vm: { system: ${runs} } emulates that one here`,
  });
}

function noDerivation({ target, settings }: EvaluateInput): NixspecError {
  return new NixspecError('usage', `${target}: ${settings.attribute} is nothing that can be built`, {
    operation: 'build VM',
    target,
    hint: 'a VM of a host is …config.system.build.vm',
  });
}

function noSuchHost(names: readonly string[], { target, settings }: EvaluateInput): NixspecError {
  const { flake, host } = readReference(settings);
  const all = listSome(names, 30);
  const refer = (name: string) =>
    `vm: { flake: "${writeFlakeReference({ flake, host: name }).replaceAll('"', '\\"')}" }`;
  const details = { operation: 'build VM', target };
  if (names.length === 0) return new NixspecError('usage', `${target}: the flake ${flake} has no hosts`, details);
  if (host === undefined) {
    const like = [target, hostname()].find((name) => names.includes(name));
    const example = refer(like ?? names[0] ?? 'web');
    const why =
      like === undefined
        ? ''
        : like === target
          ? ', which is called like the target'
          : ', which this machine is called';
    const hint = `say which, for example ${example}${why}`;
    return new NixspecError('usage', `${target}: the flake ${flake} has several hosts: ${all}`, { ...details, hint });
  }
  const near = closest(host, [...names]);
  const hint = distance(host, near) <= Math.max(2, host.length / 3) ? `did you mean ${refer(near)}?` : undefined;
  const message = `${target}: the flake ${flake} has no host "${host}"; it has ${all}`;
  return new NixspecError('usage', message, { ...details, ...(hint && { hint }) });
}

function evaluationFailed({ log }: NixEnd, input: EvaluateInput, { guest, configured }: Platforms): NixspecError {
  const { message, hint } = explainEvaluation(log);
  if (/does not provide attribute .*nixosConfigurations/s.test(message)) return noSuchHost([], input);
  const forced =
    configured === undefined || configured === guest
      ? undefined
      : `the host is ${configured} and its VM is evaluated for ${guest}; where that is why, vm: { system: ${configured} } leaves the platform and emulates it`;
  const hints = [forced, hint].filter((one) => one !== undefined).join('\n');
  return new NixspecError('vm-build-failed', `${input.target}: the configuration cannot be evaluated: ${message}`, {
    operation: 'build VM',
    target: input.target,
    ...(hints && { hint: hints }),
  });
}

async function findScript(outputs: readonly string[], input: EvaluateInput): Promise<string> {
  for (const out of outputs) {
    const bin = join(out, 'bin');
    // Its name has the host's, which may be another than that of the attribute.
    const script = (await readdir(bin).catch(() => [])).find((name) => /^run-.*-vm$/.test(name));
    if (script !== undefined) return join(bin, script);
  }
  throw buildFailed(input, {
    message: `${outputs.join(', ')} has no bin/run-…-vm`,
    hint: 'it must be the VM of a NixOS host: …config.system.build.vm',
  });
}

function buildFailed({ target }: NixInput, why: { readonly message: string; readonly hint?: string }): NixspecError {
  return new NixspecError('vm-build-failed', `${target}: the VM was not built: ${why.message}`, {
    operation: 'build VM',
    target,
    ...(why.hint !== undefined && { hint: why.hint }),
  });
}
