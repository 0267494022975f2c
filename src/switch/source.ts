import { realpath } from 'node:fs/promises';
import type { CommandInput } from '../command.js';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';

/** Where the new system comes from. */
export type SystemSource =
  /** A path of the Nix store, here or on the target. */
  | { readonly kind: 'closure'; readonly path: string }
  | { readonly kind: 'flake'; readonly reference: string }
  /** The user's own deployer. */
  | { readonly kind: 'command'; readonly words: readonly string[] };

/**
 * Reads `--closure`, `--flake`, or what stands behind `--`; with none of them it is the flake of the staging VM.
 * @throws NixspecError `usage`
 */
export async function chooseSource(
  { options, afterDashes = [] }: CommandInput,
  staging: Target | undefined,
): Promise<SystemSource> {
  const given = [options.closure && '--closure', options.flake && '--flake', afterDashes.length > 0 && '-- COMMAND'];
  const [first, second] = given.filter(Boolean);
  if (second) throw usage(`${first} and ${second} both say what to switch to`, 'give one of them');
  if (typeof options.closure === 'string') return { kind: 'closure', path: await findClosure(options.closure) };
  if (typeof options.flake === 'string') return { kind: 'flake', reference: options.flake };
  if (afterDashes.length > 0) return { kind: 'command', words: afterDashes };
  const flake = staging?.vm?.flake;
  if (typeof flake === 'string') return { kind: 'flake', reference: flake };
  throw usage(
    'it is not said what to switch to',
    'give --flake .#host, --closure PATH, or a deployer: -- nixos-rebuild switch …; without them it is the flake of the staging VM, where the spec has one',
  );
}

/** `./result` leads to the store. What is not here may be on the target. */
async function findClosure(given: string): Promise<string> {
  const path = given.startsWith('/nix/store/') ? given : await realpath(given).catch(() => given);
  if (/^\/nix\/store\/[0-9a-z]{32}-[A-Za-z0-9+._?=-]+$/.test(path)) return path;
  throw usage(`${given} is no path of the Nix store`, 'it is one such as ./result, or what nixos-rebuild build prints');
}

function usage(message: string, hint: string): NixspecError {
  return new NixspecError('usage', message, { operation: 'read options', hint });
}
