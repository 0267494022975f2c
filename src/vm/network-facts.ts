import { nixString } from './nix-expression.js';

/** What the machines of a private network know of each other beforehand, from their configurations. */
export interface MachineFacts {
  /** Of the host, and the public ones. */
  readonly names: readonly string[];
  /** Production's, on cards that are on the network. */
  readonly addresses: readonly string[];
  /** Further ones. */
  readonly elsewhere: readonly string[];
}

/** One machine of a network. */
export interface NetworkMember {
  readonly machine: string;
  /** Of all machines, by name. */
  readonly facts: { readonly [machine: string]: MachineFacts };
}

/** @throws TypeError where they are of another form: the module is nixspec's own */
export function readMachineFacts(said: unknown): MachineFacts {
  const { names, addresses, elsewhere } = (said ?? {}) as { readonly [name: string]: unknown };
  if (!isTexts(names) || !isTexts(addresses) || !isTexts(elsewhere)) {
    throw new TypeError('what the VM module says of a machine of a network is not what it says it says');
  }
  return { names, addresses, elsewhere };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** The module that tells a machine of the network. */
export function networkModule({ machine, facts }: NetworkMember): string {
  const list = (texts: readonly string[]) => `[ ${texts.map((text) => `${nixString(text)} `).join('')}]`;
  const machines = Object.entries(facts).map(
    ([name, { names, addresses, elsewhere }]) =>
      `${nixString(name)} = { names = ${list(names)}; addresses = ${list(addresses)}; elsewhere = ${list(elsewhere)}; };`,
  );
  return `{ nixspec.vm.private = { machine = ${nixString(machine)}; machines = { ${machines.join(' ')} }; }; }`;
}
