import type { Value } from '../model.js';
import { isActive } from '../unit-state.js';

/** One way that things can be: what some properties then are, and which have no value. */
export interface World {
  readonly values: { readonly [property: string]: readonly Value[] };
  /** These alone may have a value; all, where it is missing. */
  readonly only?: readonly string[];
  readonly none?: readonly string[];
}

/** What is there or not, and the property that says the same as `exists`. */
const presence: { readonly [resource: string]: string } = {
  port: 'listening',
  process: 'running',
  package: 'installed',
  'kernel-module': 'loaded',
};

/** What still has a value where the thing is not there; by resource, as their readers have it. */
const left: { readonly [resource: string]: readonly string[] } = {
  // A link that leads nowhere.
  file: ['linked-to'],
  // How many there are of what a wildcard means.
  unit: ['count'],
  // Of modprobe's files, which tell of modules that are not loaded too.
  'kernel-module': ['blacklisted', 'disabled'],
};

/** Every way that a thing of a resource type can be. */
export function listWorlds(resource: string, states: readonly string[] = []): readonly World[] {
  // The answer "no such name" has properties of its own.
  if (resource === 'dns') return [];
  if (resource === 'addr') {
    return [
      { values: { exists: [true], reachable: [true] }, none: ['reason'] },
      { values: { exists: [true], reachable: [false] }, none: ['time'] },
    ];
  }
  const flag = presence[resource];
  const gone: World = {
    values: {
      exists: [false],
      ...(flag !== undefined && { [flag]: [false] }),
      ...(resource === 'process' && { count: [0] }),
    },
    only: [
      'exists',
      ...(flag === undefined ? [] : [flag]),
      ...(left[resource] ?? []),
      ...(resource === 'process' ? ['count'] : []),
    ],
  };
  if (resource === 'unit') return [...states.map(unitIn), gone];
  return [{ values: { exists: [true], ...(flag !== undefined && { [flag]: [true] }) } }, gone];
}

/** What the state of a unit says of its other properties; by the same rules that its reader follows. */
function unitIn(state: string): World {
  const active = isActive(state);
  return {
    values: {
      exists: [true],
      state: [state],
      active: [active],
      healthy: active || state === 'inactive' ? [true, false] : [false],
    },
    none: active ? [] : ['uptime'],
  };
}
