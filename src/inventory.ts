import { gunzipSync } from 'node:zlib';
import { beginInventory, unknown } from './inventory/bounded.js';
import { askForKernel, readKernel } from './inventory/kernel.js';
import { askForListeners, readListeners } from './inventory/listeners.js';
import { askForMounts, readInventoryMounts } from './inventory/mounts.js';
import { askForPackages, readPackages } from './inventory/packages.js';
import { askForUnits, readUnits } from './inventory/units.js';
import { askForUsers, readUsers } from './inventory/users.js';
import type { Inventory, InventorySection, InventorySectionName } from './inventory-model.js';
import type { Observation, Query, Readings, Script, ShellOutput, ShellProbe, Value } from './model.js';
import { isNoReading, known as knownReadings, unknown as unknownObservation } from './resource.js';
import { readSections } from './shell/sections.js';
import { joinScripts, sh } from './shell/sh.js';

/**
 * The probes of the inventory, which join the program of a run's first look: one for the sockets, whose processes may have
 * any name, one for the packages, which take longest, and one for the rest. What they print is compressed: some ten KiB
 * are left of a server with 2000 packages.
 */
export function inventoryProbes(): readonly ShellProbe[] {
  return [
    probe(['units', 'users', 'mounts', 'kernel'], askForHost, (output) => {
      const sections = readSections(output);
      return {
        units: readUnits(sections),
        users: readUsers(sections),
        mounts: readInventoryMounts(sections),
        kernel: readKernel(sections),
      };
    }),
    probe(['packages'], askForPackages, (output) => ({ packages: readPackages(readSections(output)) })),
    probe(['listeners'], askForListeners, (output) => ({ listeners: readListeners(output) })),
  ];
}

const askForHost = joinScripts([askForUnits, askForUsers, askForMounts, askForKernel]);

/** Compressed; and unpacked, which is far more than the largest host has. */
const mostBytes = 4 * 1024 * 1024;
const mostUnpacked = 32 * 1024 * 1024;

function probe(
  names: readonly InventorySectionName[],
  script: Script,
  read: (output: ShellOutput) => Partial<Inventory>,
): ShellProbe {
  return {
    kind: 'shell',
    answers: names.map(queryFor),
    script: sh`${beginInventory}
{ ${script}
} | gzip -1`,
    exits: [0],
    limit: 45,
    maxBytes: mostBytes,
    slots: 'shared',
    parse: (output) => {
      const found = read({ ...output, stdout: unpack(output.stdout) });
      return new Map(names.map((name) => [queryFor(name).id, observe(found[name])]));
    },
  };
}

/** A host without gzip sends it as it is. @throws Error where it is broken, or too long */
function unpack(bytes: Buffer): Buffer {
  const isPacked = bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  return isPacked ? gunzipSync(bytes, { maxOutputLength: mostUnpacked }) : bytes;
}

function queryFor(name: InventorySectionName): Query {
  return { id: `inventory-${name}`, resource: 'inventory', subject: name, params: {}, wanted: new Set(['value']) };
}

function observe(section: InventorySection<unknown> | undefined): Observation {
  if (section?.status === 'known') return knownReadings({ value: section.value as Value });
  return unknownObservation(section?.reason ?? 'it was not told');
}

/** What the probes found out, by the ids of their queries. */
export function readInventory(observations: ReadonlyMap<string, Observation>): Inventory {
  const section = <T>(name: InventorySectionName): InventorySection<T> => {
    const observation = observations.get(queryFor(name).id);
    if (observation?.status === 'unknown') return unknown(observation.reason);
    if (observation?.status !== 'known') return unknown('it was not asked for');
    const { value } = observation.readings as Readings;
    return value === undefined || isNoReading(value)
      ? unknown('it was not told')
      : { status: 'known', value: value as T };
  };
  return {
    units: section('units'),
    listeners: section('listeners'),
    users: section('users'),
    mounts: section('mounts'),
    packages: section('packages'),
    kernel: section('kernel'),
  };
}
