import { dirname } from 'node:path';
import type { CommandInput, Io } from '../command.js';
import { NixspecError } from '../error.js';
import { type FlakeReference, readFlakeReference } from '../flake-reference.js';
import { textList } from '../prepare.js';
import { readSshAddress } from '../spec/ssh-address.js';
import { fileExists } from './file-exists.js';

/** What the command line says of the spec to be. */
export interface Wishes {
  /** The spec to write, and the folder it stands in. */
  readonly file: string;
  readonly folder: string;
  readonly flake?: FlakeReference;
  readonly hosts: readonly string[];
  /** By host; of `''` where there is one host. */
  readonly destinations: ReadonlyMap<string, string>;
  readonly discover: boolean;
  readonly vscode: boolean;
  readonly force: boolean;
  /** Whether somebody can be asked, and wants to be. */
  readonly asks: boolean;
}

/** @throws NixspecError `usage` */
export function readWishes({ options }: CommandInput, io: Pick<Io, 'isTerminal'>): Wishes {
  const file = typeof options.spec === 'string' ? options.spec : 'nixspec.yaml';
  if (file === '-') throw usage('init writes a file: name it by --spec');
  const flake = typeof options.flake === 'string' ? readFlakeReference(options.flake) : undefined;
  if (typeof options.flake === 'string' && !flake) {
    throw usage(`--flake takes a flake and a host in it, not "${options.flake}"`, 'for example --flake .#web');
  }
  const named = textList(options.host);
  const hosts = [...new Set([...(flake?.host === undefined ? [] : [flake.host]), ...named])];
  return {
    file,
    folder: dirname(file),
    ...(flake && { flake }),
    hosts,
    destinations: readDestinations(textList(options.ssh), hosts),
    discover: options.discover === true,
    vscode: options.vscode === true,
    force: options.force === true,
    asks: options.yes !== true && io.isTerminal.in && io.isTerminal.err,
  };
}

/** Never overwrites what a person wrote. @throws NixspecError `usage` */
export async function refuseExisting({ file, force }: Wishes): Promise<void> {
  if (!force && (await fileExists(file))) {
    throw usage(
      `${file} is there already`,
      `\`nixspec discover\` adds to a spec; --force overwrites it; --spec names another file`,
    );
  }
}

function readDestinations(given: readonly string[], hosts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    given.map((text) => {
      const host = hosts.find((name) => text.startsWith(`${name}=`));
      const destination = host === undefined ? text : text.slice(host.length + 1);
      if (host === undefined && (given.length > 1 || hosts.length > 1)) {
        throw usage(
          `--ssh ${text}: of several hosts it takes host=destination`,
          'for example --ssh web=root@web.example.org',
        );
      }
      const address = readSshAddress(destination);
      if ('mistake' in address) throw usage(`--ssh ${destination}: ${address.mistake}`, address.hint);
      return [host ?? '', destination];
    }),
  );
}

export function usage(message: string, hint?: string): NixspecError {
  return new NixspecError('usage', message, { operation: 'init', ...(hint !== undefined && { hint }) });
}
