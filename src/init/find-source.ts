import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Io } from '../command.js';
import type { Progress } from '../progress.js';
import { locate } from '../vm/settings.js';
import type { Asker } from './ask.js';
import { askNix, isFailure } from './ask-nix.js';
import { fileExists } from './file-exists.js';
import { usage, type Wishes } from './wishes.js';

/** What the servers are built from. */
export type Source =
  | {
      readonly kind: 'flake';
      /** As `nix` takes it, whatever the folder. */
      readonly reference: string;
      /** As the spec names it, from its own folder. */
      readonly written: string;
      /** Its hosts; undefined where they could not be listed. */
      readonly hosts?: readonly string[];
      /** Names that its text seems to give to hosts, where they could not be listed. */
      readonly guesses: readonly string[];
    }
  | { readonly kind: 'file'; readonly written: string }
  | { readonly kind: 'none' };

/** Milliseconds that listing the hosts may take: a first look may have to fetch the flake's inputs. */
const patience = 120_000;

/**
 * The flake that is named, or the nearest one in the folder of the spec and above, with its hosts; without a flake the
 * `configuration.nix` of the folder. What Nix cannot say is told, and left to be asked.
 */
export async function findSource(wishes: Wishes, asker: Asker, progress: Progress, io: Io): Promise<Source> {
  const found = await findFlake(wishes);
  if (found === undefined) {
    const file = 'configuration.nix';
    return (await fileExists(join(wishes.folder, file))) ? { kind: 'file', written: file } : { kind: 'none' };
  }
  const { file, ...flake } = found;
  const guesses = file === undefined ? [] : guessHosts(await readFile(file, 'utf8').catch(() => ''));
  const name = flake.written === '.' ? 'the flake' : flake.written;
  try {
    return { kind: 'flake', ...flake, guesses, ...(await listHosts(flake.reference, asker, progress, io)) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    const why = error.code === 'nix-missing' ? 'there is no `nix` here' : error.message;
    asker.tell(`${name}: its hosts could not be listed: ${why}`);
    return { kind: 'flake', ...flake, guesses };
  } finally {
    progress.stop();
  }
}

interface Found {
  readonly reference: string;
  readonly written: string;
  /** Its flake.nix, where it is a folder here. */
  readonly file?: string;
}

async function findFlake({ flake, folder }: Wishes): Promise<Found | undefined> {
  if (flake && !/^[.~/]/.test(flake.flake)) return { reference: flake.flake, written: flake.flake };
  if (!flake) {
    const above = await findAbove(resolve(folder));
    return above === undefined ? undefined : describeFolder(above, folder);
  }
  const path = locate(flake.flake, process.cwd());
  if (!(await fileExists(join(path, 'flake.nix')))) throw usage(`there is no flake.nix in ${path}`);
  const asIs = isAbsolute(flake.flake) || flake.flake.startsWith('~');
  return asIs ? { reference: path, written: flake.flake, file: join(path, 'flake.nix') } : describeFolder(path, folder);
}

function describeFolder(path: string, folder: string): Found {
  const way = relative(resolve(folder), path);
  const written = way === '' ? '.' : way.startsWith('..') ? way : `./${way}`;
  return { reference: path, written, file: join(path, 'flake.nix') };
}

async function findAbove(folder: string): Promise<string | undefined> {
  if (await fileExists(join(folder, 'flake.nix'))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : findAbove(above);
}

/** @throws NixspecError as `askNix` does */
async function listHosts(reference: string, asker: Asker, progress: Progress, io: Io) {
  const show = (stage: string) => progress.show('flake', stage);
  show('listing its hosts');
  const asked = { patience, signal: io.signal, show };
  try {
    return { hosts: await showHosts(reference, asked) };
  } catch (error) {
    if (!isUntracked(error) || !isAbsolute(reference)) throw error;
    asker.tell('Git does not know flake.nix, and Nix sees only what it knows: git add flake.nix');
    const path = `path:${reference}`;
    return { hosts: await showHosts(path, asked), reference: path };
  }
}

/**
 * `flake show` says what the flake has. It evaluates other outputs too, any of which may fail, need a build, or be of a
 * Nix that shows them otherwise: then the names of the hosts are asked for alone.
 */
async function showHosts(reference: string, asked: Parameters<typeof askNix>[1]): Promise<readonly string[]> {
  try {
    const shown = (await askNix(['flake', 'show', reference], asked)) as { readonly nixosConfigurations?: object };
    if (shown.nixosConfigurations) return Object.keys(shown.nixosConfigurations);
  } catch (error) {
    if (!isFailure(error) || error.code === 'nix-missing' || isUntracked(error)) throw error;
  }
  const names = ['eval', `${reference}#nixosConfigurations`, '--apply', 'builtins.attrNames'];
  try {
    return (await askNix(names, asked)) as string[];
  } catch (error) {
    if (isFailure(error) && /does not provide attribute .*nixosConfigurations/s.test(error.message)) return [];
    throw error;
  }
}

/** As older and newer versions of Nix say it. */
function isUntracked(error: unknown): boolean {
  return isFailure(error) && /getting status of '\/nix\/store\/[^']*-source\/|not tracked by Git/s.test(error.message);
}

/** Where Nix cannot say it: what the text looks like. Only ever offered, never taken. */
function guessHosts(text: string): readonly string[] {
  const names = [...text.matchAll(/nixosConfigurations\s*(?:\.|=\s*\{\s*)"?([A-Za-z0-9_][A-Za-z0-9_-]*)"?\s*=/g)];
  return [...new Set(names.flatMap(([, name]) => name ?? []))];
}
