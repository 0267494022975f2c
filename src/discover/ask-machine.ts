import { collect, type Ends } from '../collect.js';
import { NixspecError } from '../error.js';
import type { Query } from '../model.js';
import { planProbes } from '../plan.js';
import type { Resources } from '../resource.js';
import { Answers, type Unseen } from './answers.js';
import type { Findings, Part } from './finding.js';
import { type Listing, listingProbes, readListing } from './listing.js';
import { machinePart } from './machine.js';
import { mountsPart } from './mounts.js';
import { portsPart } from './ports.js';
import { sitesPart } from './sites.js';
import { timersPart } from './timers.js';
import { tunnelsPart } from './tunnels.js';
import { unitsPart } from './units.js';
import { usersPart } from './users.js';

const parts: readonly Part[] = [
  machinePart,
  unitsPart,
  timersPart,
  portsPart,
  sitesPart,
  tunnelsPart,
  mountsPart,
  usersPart,
];

/** Questions come up by answers three times at most: ports, names at them, pages of these. */
const mostRounds = 5;

export interface Discovery extends Findings {
  /** What could not be seen, one line each. */
  readonly unseen: readonly string[];
}

/**
 * Looks at one machine: one program that lists what there is, then the ordinary resource types about all of that, so that
 * what is written down is read by the same code that will judge it.
 *
 * @throws NixspecError where the machine could not be asked at all, or nixspec was interrupted
 */
export async function discoverMachine(
  ends: Ends,
  resources: Resources,
  signal: AbortSignal,
  progress: (stage: string) => void,
): Promise<Discovery> {
  progress('listing what there is');
  const listed = await collect(listingProbes, ends, { signal });
  refuseBroken(listed.problems, ends.transport.reached);
  const listing = readListing(listed.observations);
  const answers = new Answers();
  for (let round = 0; round < mostRounds; round += 1) {
    const queries = newQuestions(listing, answers);
    if (queries.length === 0) break;
    progress(`asking about ${queries.length} things`);
    const found = await collect(planProbes(queries, resources), ends, { signal });
    for (const query of queries) {
      const observation = found.observations.get(query.id);
      answers.add(query, observation ?? { status: 'unknown', reason: 'not answered' });
    }
    refuseBroken(found.problems, ends.transport.reached);
  }
  return { ...describe(listing, answers), unseen: listUnseen(listing, answers) };
}

/**
 * Half an answer makes half a spec, which looks like a whole one.
 * @throws NixspecError where the program was cut off
 */
export function refuseBroken([problem]: readonly string[], target: string): void {
  if (problem === undefined) return;
  throw new NixspecError('connection-lost', `${target}: ${problem}`, { operation: 'discover', target });
}

function newQuestions(listing: Listing, answers: Answers): Query[] {
  const queries = parts.flatMap((part) => part.questions(listing, answers)).filter((query) => !answers.has(query));
  return [...new Map(queries.map((query) => [query.id, query])).values()];
}

function describe(listing: Listing, answers: Answers): Findings {
  const described = parts.map((part) => part.describe(listing, answers));
  return {
    entries: described.flatMap(({ entries }) => entries),
    remarks: described.flatMap(({ remarks }) => remarks),
  };
}

function listUnseen(listing: Listing, answers: Answers): string[] {
  const owners =
    listing.sockets.sockets.length > 0 && !listing.sockets.seesAll
      ? ['processes behind the ports: only root sees those of others']
      : [];
  return [...new Set([...listing.unseen, ...owners, ...answers.unseen().map(showUnseen)])].sort();
}

function showUnseen({ resource, reason, properties, subjects }: Unseen): string {
  const some = subjects.filter((subject) => subject !== '').slice(0, 3);
  const more = subjects.length - some.length;
  const about = some.length === 0 ? '' : ` of ${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `${resource} ${properties.join(', ')}${about}: ${reason}`;
}
