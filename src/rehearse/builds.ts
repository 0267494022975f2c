import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import type { VmOptions } from '../vm/boot.js';
import { type BuildInput, type BuiltVm, buildVm } from '../vm/build.js';
import type { Deployed } from './deployed.js';

/** A VM that was built. */
export interface Built {
  readonly vm: BuiltVm;
  /** The store path of the VM's own system; undefined of a start script that is not as NixOS makes it. */
  readonly system?: string;
}

export interface Builds {
  readonly old: Built;
  readonly new: Built;
  /** Those of the new system, by name. */
  readonly specialisations: readonly string[];
}

/** A rehearsal is of one machine: the private network of several is not there. */
export function inputOf(
  { target, settings }: Pick<BuildInput, 'settings'> & { readonly target: Target },
  { folder, signal, show, say }: VmOptions,
): BuildInput {
  return { target: target.name, settings, folder, signal, show, say };
}

/**
 * Builds both VMs before either is booted, so that a configuration that does not build is known at once.
 * @throws NixspecError `vm-build-failed`, …
 */
export async function buildBoth(deployed: Deployed, input: BuildInput): Promise<Builds> {
  const show = (which: string) => (stage: string) => input.show(`${which}: ${stage}`);
  const old = await buildOld(deployed, { ...input, show: show('deployed') });
  const fresh = await describe(await buildVm({ ...input, show: show('new') }));
  return { old, new: fresh, specialisations: await listSpecialisations(fresh) };
}

const mayBeGone =
  'what was deployed once may no longer build with this Nix, or its inputs be gone; --from names another to start from';

async function buildOld({ settings, name }: Deployed, input: BuildInput): Promise<Built> {
  try {
    return await describe(await buildVm({ ...input, settings }));
  } catch (error) {
    if (!(error instanceof NixspecError) || error.code !== 'vm-build-failed') throw error;
    throw new NixspecError(error.code, `what is deployed, ${name}: ${error.message}`, {
      operation: error.operation,
      ...(error.target !== undefined && { target: error.target }),
      hint: [error.hint, mayBeGone].filter((hint) => hint !== undefined).join('\n'),
      cause: error,
    });
  }
}

/** `system.build.vm` links the system beside `bin`. */
async function describe(vm: BuiltVm): Promise<Built> {
  const system = await realpath(join(dirname(vm.script), '..', 'system')).catch(() => undefined);
  return { vm, ...(system !== undefined && { system }) };
}

async function listSpecialisations({ system }: Built): Promise<readonly string[]> {
  return system === undefined ? [] : (await readdir(join(system, 'specialisation')).catch(() => [])).sort();
}

/** `maintenance`, or `maintenance=TARGET`: whose assertions it is verified by. */
export interface WantedSpecialisation {
  readonly name: string;
  readonly target?: string;
}

export function readWanted(given: readonly string[]): readonly WantedSpecialisation[] {
  return given.map((word) => {
    const [, name = word, target] = /^(.*?)=(.*)$/.exec(word) ?? [];
    return { name, ...(target !== undefined && { target }) };
  });
}

/**
 * Those that were asked for, `all` being all that are not named beside it.
 * @throws NixspecError `usage` with the names that there are
 */
export function chooseSpecialisations(
  wanted: readonly WantedSpecialisation[],
  { specialisations }: Pick<Builds, 'specialisations'>,
): readonly WantedSpecialisation[] {
  const there = specialisations.length === 0 ? 'it has none' : `it has ${specialisations.join(', ')}`;
  const known = (name: string) => specialisations.includes(name);
  const lost = wanted.find(({ name }) => !known(name) && (name !== 'all' || specialisations.length === 0));
  if (lost) {
    throw new NixspecError('usage', `the new configuration has no specialisation ${JSON.stringify(lost.name)}`, {
      operation: 'choose specialisations',
      hint: there,
    });
  }
  const chosen = wanted.flatMap((one) => {
    if (known(one.name)) return [one];
    const rest = specialisations.filter((name) => !wanted.some((other) => other.name === name));
    return rest.map((name) => ({ ...one, name }));
  });
  return chosen.filter(({ name }, at) => chosen.findIndex((other) => other.name === name) === at);
}
