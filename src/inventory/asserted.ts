import type { InventoryChange } from '../inventory-model.js';
import type { Outcome, Run } from '../model.js';

/** For each section the resource type that may assert the same, and which of its properties tell of a change. */
const properties: { readonly [section in InventoryChange['section']]: (change: InventoryChange) => readonly string[] } =
  {
    units: () => ['exists', 'active', 'healthy', 'state', 'sub-state'],
    listeners: ({ kind, property }) => {
      if (kind !== 'changed') return ['exists', 'listening', 'addresses'];
      return property === 'unit' ? ['unit', 'processes'] : ['addresses'];
    },
    users: ({ property }) => (property === undefined ? all : [property === 'group' ? 'gid' : property]),
    mounts: ({ property }) => (property === undefined ? all : [property]),
    packages: ({ kind }) =>
      kind === 'added' || kind === 'removed' ? ['exists', 'installed', 'versions'] : ['versions'],
    kernel: ({ kind }) => (kind === 'reboot-needed' ? ['reboot-needed'] : kind === 'changed' ? ['booted-kernel'] : []),
  };

/** Any property: an assertion about what is not there fails, whatever it says of it. */
const all = ['exists', 'uid', 'gid', 'home', 'shell', 'groups', 'source', 'filesystem', 'options'];

const resources: { readonly [section in InventoryChange['section']]: string } = {
  units: 'unit',
  listeners: 'port',
  users: 'user',
  mounts: 'mount',
  packages: 'package',
  kernel: 'system',
};

/** Whether both runs judge an assertion that tells of a change, so that the comparison of assertions has it. */
export function makeAssertedTest(before: Run, after: Run): (change: InventoryChange) => boolean {
  const earlier = new Set(before.outcomes.filter(isJudged).map(addressOf));
  const both = after.outcomes.filter((outcome) => isJudged(outcome) && earlier.has(addressOf(outcome)));
  const asserted = new Set(both.map(addressOf));
  const listed = [before, after].flatMap((run) => listEndpoints(run.outcomes));
  return (change) => {
    const names = namesOf(change).flatMap((name) =>
      properties[change.section](change).map((property) => JSON.stringify([resources[change.section], name, property])),
    );
    return names.some((name) => asserted.has(name)) || isListed(change, listed);
  };
}

function isJudged({ status }: Outcome): boolean {
  return status !== 'skipped';
}

function addressOf({ resource, subject, property }: Outcome): string {
  return JSON.stringify([resource, subject, property.split('.', 1)[0]]);
}

/** A spec may mean one family of a port. */
function namesOf({ section, subject }: InventoryChange): readonly string[] {
  return section === 'listeners' ? [subject, subject.replace(':', '4:'), subject.replace(':', '6:')] : [subject];
}

/** What `listeners` has listed: `tcp 0.0.0.0:22`. What it was told to leave out is not among it. */
function listEndpoints(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter((outcome) => outcome.resource === 'listeners' && isJudged(outcome))
    .flatMap(({ property, actual }) =>
      Array.isArray(actual) ? actual.map((endpoint) => `${property.replace('public-', '')} ${String(endpoint)}`) : [],
    );
}

function isListed({ section, subject }: InventoryChange, listed: readonly string[]): boolean {
  const [protocol = '', port = ''] = subject.split(':');
  return section === 'listeners' && listed.some((one) => one.startsWith(`${protocol} `) && one.endsWith(`:${port}`));
}
