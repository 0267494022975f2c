import type { Observation } from '../model.js';
import { askForSockets, readSockets, type SocketTable } from '../sockets.js';
import { type Basics, listBasics, readBasics } from './basics.js';
import { type ListedUnit, listUnits, readListedUnits } from './listed-units.js';
import { CouldNotLook, type Look, lookFor } from './look.js';
import { listVirtualNames, type VirtualName } from './virtual-names.js';
import { printWebConfigs, readWebConfigs } from './web-config.js';

/** What there is on a machine: the subjects, of which the resource types then tell the properties. */
export interface Listing {
  readonly basics?: Basics;
  readonly units: readonly ListedUnit[];
  readonly sockets: SocketTable;
  readonly names: readonly VirtualName[];
  /** What could not be listed, and why. */
  readonly unseen: readonly string[];
}

const looks = {
  basics: lookFor({ what: 'users, mounts and tunnels', script: listBasics(), exits: [0], read: readBasics }),
  units: lookFor({ what: 'units', script: listUnits(), exits: [0], read: readListedUnits }),
  sockets: lookFor({
    what: 'listeners',
    script: askForSockets({ holders: true, units: true }),
    exits: [0],
    read: (output) => {
      const table = readSockets(output);
      if (!table) throw new Error('it ends in the middle');
      return table;
    },
  }),
  files: lookFor({ what: 'virtual hosts', script: printWebConfigs(), exits: [0], read: readWebConfigs }),
};

/** The listing as probes: part of one program. */
export const listingProbes = Object.values(looks).map(({ probe }) => probe);

/** Puts together what the listing probes found. */
export function readListing(observations: ReadonlyMap<string, Observation>): Listing {
  const unseen: string[] = [];
  const take = <T>(look: Look<T>): T | undefined => {
    const answer = look.answer(observations);
    if (!(answer instanceof CouldNotLook)) return answer;
    unseen.push(answer.reason);
    return undefined;
  };
  const basics = take(looks.basics);
  const files = take(looks.files) ?? [];
  const closed = files.filter(({ text }) => text === undefined).map(({ path }) => path);
  if (closed.length > 0) unseen.push(`virtual hosts: this user may not read ${closed.join(', ')}`);
  return {
    ...(basics && { basics }),
    units: take(looks.units) ?? [],
    sockets: take(looks.sockets) ?? { sockets: [], seesAll: false },
    names: listVirtualNames(files),
    unseen,
  };
}
