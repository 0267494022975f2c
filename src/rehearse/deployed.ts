import type { Connections } from '../connections.js';
import { NixspecError } from '../error.js';
import { readFlakeReference, writeFlakeReference } from '../flake-reference.js';
import { findLatest, type History } from '../history.js';
import type { Run, Target } from '../model.js';
import { sh } from '../shell/sh.js';
import type { BuildInput } from '../vm/build.js';
import { locate, type VmSettings } from '../vm/settings.js';
import { ask } from './ask.js';
import { pinFlake } from './pin-flake.js';

/** The configuration that an upgrade starts from. */
export interface Deployed {
  readonly settings: VmSettings;
  /** As the user, or Nix, names it. */
  readonly name: string;
  /** How it was found out. */
  readonly reason: string;
}

export interface FindDeployed {
  /** `--from` */
  readonly from?: string | undefined;
  /** Who is asked where there is no `--from`. */
  readonly production?: Target | undefined;
  readonly connections: Connections;
  readonly history: History;
  readonly say: (text: string) => void;
  readonly build: BuildInput;
}

/** What is deployed: as the user says, else the commit that production says its configuration was made from. */
export async function findDeployed(find: FindDeployed): Promise<Deployed> {
  const { build, from, production } = find;
  if (from !== undefined) return readFrom(from, build.settings, build.folder);
  if (build.settings.flake === undefined) {
    throw unknown(build, 'without a flake, nothing tells what an earlier configuration was');
  }
  if (!production) throw unknown(build, 'the spec has no production target to ask what is deployed');
  const { revision, reason } = await askRevision(production, find);
  const flake = await pinFlake(build.settings.flake, checkRevision(revision, production, build), build);
  return { settings: { ...build.settings, flake }, name: flake, reason };
}

/**
 * In the way in which the target itself is named: a flake, a file, a start script.
 * @param folder what relative paths mean
 */
export function readFrom(from: string, settings: VmSettings, folder: string): Deployed {
  const { flake, file, command, ...rest } = settings;
  const named = { name: from, reason: 'named by --from' };
  if (command !== undefined) return { ...named, settings: { ...rest, command: locate(from, folder) } };
  if (file !== undefined) return { ...named, settings: { ...rest, file: locate(from, folder) } };
  const host = readFlakeReference(flake ?? '.')?.host;
  const whole = from.includes('#') || host === undefined ? from : writeFlakeReference({ flake: from, host });
  return { settings: { ...rest, flake: whole }, name: whole, reason: named.reason };
}

async function askRevision(production: Target, find: FindDeployed) {
  const { connections, history, say, build } = find;
  try {
    connections.open([production]);
    const transport = await connections.get(production);
    const { text, exit } = await ask(transport, sh`nixos-version --json`, 30, build.signal);
    if (exit === 0) return { revision: readRevision(text), reason: `what ${production.name} says it runs` };
    throw new NixspecError('connection-failed', `${production.name}: nixos-version gave no answer; is it NixOS?`, {
      operation: 'find what is deployed',
      target: production.name,
    });
  } catch (error) {
    if (build.signal.aborted || !(error instanceof NixspecError)) throw error;
    const last = await findLatest(history, production.name).catch(() => undefined);
    const revision = last && recordedRevision(last);
    if (last === undefined || revision === undefined) throw withHint(error);
    say(`${error.message}\n${production.name}: taking what its run of ${last.started} has recorded`);
    return {
      revision,
      reason: `what ${production.name} ran at ${last.started}, as recorded: it could not be asked now`,
    };
  }
}

function readRevision(json: string): string | undefined {
  try {
    const told = JSON.parse(json) as { readonly configurationRevision?: unknown } | null;
    return typeof told?.configurationRevision === 'string' ? told.configurationRevision : undefined;
  } catch {
    return undefined;
  }
}

/** Only where the spec asserts it: a run holds no other facts. */
function recordedRevision({ facts }: Run): string | undefined {
  const fact = facts.find((one) => one.resource === 'system' && one.property === 'configuration-revision');
  return typeof fact?.value === 'string' ? fact.value : undefined;
}

/** A whole commit id, of SHA-1 or SHA-256. */
export function checkRevision(revision: string | undefined, { name }: Target, build: BuildInput): string {
  if (revision !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(revision)) return revision;
  if (revision === undefined || revision === '') {
    throw unknown(build, `${name} does not say which commit it runs: its system.configurationRevision is not set`);
  }
  if (/-dirty$/.test(revision)) {
    throw unknown(build, `${name} runs ${revision}: what was not committed when it was deployed cannot be built again`);
  }
  throw unknown(build, `${name} says that it runs ${JSON.stringify(revision.slice(0, 80))}, which is no commit`);
}

function unknown({ target }: BuildInput, why: string): NixspecError {
  return new NixspecError('usage', `${target}: what is deployed cannot be told: ${why}`, {
    operation: 'find what is deployed',
    target,
    hint: 'name it with --from, for example --from github:me/config/COMMIT#web; `system.configurationRevision = self.rev or null;` lets the next deployment tell',
  });
}

function withHint(error: NixspecError): NixspecError {
  return new NixspecError(error.code, error.message, {
    operation: 'find what is deployed',
    hint: 'or name what is deployed with --from FLAKEREF, so that nobody need be asked',
    ...(error.target !== undefined && { target: error.target }),
    cause: error,
  });
}
