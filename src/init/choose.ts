import { hostname } from 'node:os';
import { writeFlakeReference } from '../flake-reference.js';
import { nearest } from '../spec/mistake.js';
import { readSshAddress } from '../spec/ssh-address.js';
import { listSome } from '../text.js';
import type { Accepted, Asker } from './ask.js';
import type { Source } from './find-source.js';
import type { HostFacts } from './host-facts.js';
import { usage, type Wishes } from './wishes.js';

/** A server that the spec is to be for. */
export interface Machine {
  readonly host: string;
  /** Names of its targets. */
  readonly vm?: string;
  readonly production: string;
  /** What `vm:` says; undefined where there is nothing to build it from. */
  readonly build?: { readonly flake: string } | { readonly file: string };
  readonly destination: string;
  readonly facts: HostFacts;
}

/** The hosts that the spec is for: those that are named, the only one, or as answered. @throws NixspecError `usage` */
export async function chooseHosts(source: Source, wishes: Wishes, asker: Asker): Promise<readonly string[]> {
  const known = source.kind === 'flake' ? source.hosts : undefined;
  const read = (names: readonly string[]) => checkHosts(names, known);
  if (wishes.hosts.length > 0) {
    const checked = read(wishes.hosts);
    if ('wrong' in checked) throw usage(checked.wrong);
    return checked.value;
  }
  const [only] = known ?? [];
  if (only !== undefined && known?.length === 1) return [only];
  if (source.kind === 'flake' && known?.length === 0) asker.tell('the flake has no nixosConfigurations yet');
  const offered = known?.includes(hostname()) ? hostname() : source.kind === 'flake' ? source.guesses[0] : undefined;
  if (!asker.asks) throw notSaid(source, wishes);
  const several = known && known.length > 1;
  return asker.ask<readonly string[]>({
    text: several
      ? `Which of these ${known.length} hosts? (several: with blanks between)`
      : source.kind === 'flake'
        ? 'Which host of the flake? (its name under nixosConfigurations)'
        : 'What is the server called?',
    ...(several && { choices: known }),
    ...(offered !== undefined && { preset: offered }),
    accept: (answer) => read(answer.split(/[\s,]+/).filter(Boolean)),
  });
}

function checkHosts(names: readonly string[], known: readonly string[] | undefined): Accepted<readonly string[]> {
  if (names.length === 0) return { wrong: 'it takes a name' };
  const wrong = known && known.length > 0 ? names.find((name) => !known.includes(name)) : undefined;
  if (wrong === undefined || known === undefined) return { value: [...new Set(names)] };
  const near = nearest(wrong, known);
  const way = near === undefined ? `it has ${listSome(known, 30)}` : `did you mean "${near}"?`;
  return { wrong: `the flake has no host "${wrong}": ${way}` };
}

function notSaid(source: Source, { flake }: Wishes) {
  if (source.kind !== 'flake') {
    return usage(
      'there is no flake.nix here or above, and nobody to ask what the server is called',
      'say it: nixspec init --flake PATH, or --host web --ssh root@web.example.org',
    );
  }
  const [first = 'web'] = source.hosts ?? source.guesses;
  const name = flake?.flake ?? source.written;
  const message =
    source.hosts && source.hosts.length > 1
      ? `the flake ${name} has several hosts: ${listSome(source.hosts, 30)}`
      : `nothing says which host of the flake ${name} the spec is for`;
  return usage(message, `say which: --host ${first}; it may be repeated`);
}

/** How each is reached: as said, as answered, or as its configuration calls itself. */
export async function chooseDestinations(
  hosts: ReadonlyMap<string, HostFacts>,
  source: Source,
  wishes: Wishes,
  asker: Asker,
): Promise<readonly Machine[]> {
  const machines: Machine[] = [];
  for (const [host, facts] of hosts) {
    const names = nameTargets(host, hosts.size);
    const build = describeBuild(source, host);
    const destination = await chooseDestination(host, facts, hosts.size, wishes, asker);
    const { vm, production } = names;
    machines.push({ host, ...(build && { vm, build }), production, destination, facts });
  }
  return machines;
}

async function chooseDestination(
  host: string,
  { fqdn }: HostFacts,
  count: number,
  { destinations }: Wishes,
  asker: Asker,
): Promise<string> {
  const said = destinations.get(host) ?? (count === 1 ? destinations.get('') : undefined);
  if (said !== undefined) return said;
  const preset = `root@${fqdn ?? host}`;
  if (!asker.asks) {
    asker.tell(`${host}: reached as ${preset}, which is a guess: --ssh says it, or the spec (\`ssh:\`)`);
    return preset;
  }
  return asker.ask<string>({
    text: `How is ${host} reached? (what one types after ssh)`,
    preset,
    accept: (answer) => {
      const address = readSshAddress(answer);
      return 'mistake' in address ? { wrong: address.mistake } : { value: answer };
    },
  });
}

export async function chooseDiscovery(wishes: Wishes, asker: Asker): Promise<boolean> {
  if (wishes.discover || !asker.asks) return wishes.discover;
  return asker.ask<boolean>({
    text: 'Look at the running server now, and add what runs there? (it only looks) y/n',
    preset: 'y',
    accept: (answer) => (/^(y|yes|n|no)$/i.test(answer) ? { value: /^y/i.test(answer) } : { wrong: 'y or n' }),
  });
}

/** Of one host `vm` and `production`; of several each by its name, as in the guide to several machines. */
function nameTargets(host: string, count: number): { readonly vm: string; readonly production: string } {
  if (count === 1) return { vm: 'vm', production: 'production' };
  const clean = host.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'host';
  const vm = clean === 'default' ? 'default-vm' : clean;
  return { vm, production: `${clean}-production` };
}

function describeBuild(source: Source, host: string): Machine['build'] {
  if (source.kind === 'none') return undefined;
  if (source.kind === 'file') return { file: source.written };
  return { flake: writeFlakeReference({ flake: source.written, host }) };
}
