import { isDeepStrictEqual } from 'node:util';
import { compareInventories } from './inventory-diff.js';
import type { Change, ChangeKind, Comparison, Fact, Outcome, Run } from './model.js';
import { isWaived } from './waiver.js';

/** Most important first: the order of reports, and of what a person should look at. */
export const changeKinds = [
  'broke',
  'lost',
  'fixed',
  'found',
  'drifted',
  'intended',
  'added',
  'removed',
] as const satisfies readonly ChangeKind[];

/**
 * Two runs to a comparison: joined on assertion id, and on fact address for facts that nothing asserts. Pure.
 * Changes are in the order of the later run's spec; what only the earlier one had comes last.
 */
export function compareRuns(before: Run, after: Run): Comparison {
  const inventory = compareInventories(before, after);
  const [from, to] = [before.system.architecture, after.system.architecture];
  return {
    from: before.id,
    to: after.id,
    compared: countCommon(judged(before), judged(after)),
    ...(from !== undefined && to !== undefined && from !== to && { architectures: { from, to } }),
    changes: [...compareOutcomes(before, after), ...compareFacts(before, after)],
    ...(inventory && { inventory }),
  };
}

/** Only the inventories of two runs. */
export function compareHosts(before: Run, after: Run): Comparison {
  const inventory = compareInventories(before, after);
  return {
    from: before.id,
    to: after.id,
    only: 'inventory',
    compared: 0,
    changes: [],
    ...(inventory && { inventory }),
  };
}

function countCommon(before: readonly Outcome[], after: readonly Outcome[]): number {
  const ids = new Set(before.map(({ id }) => id));
  return after.filter(({ id }) => ids.has(id)).length;
}

function compareOutcomes(before: Run, after: Run): Change[] {
  const earlier = new Map(judged(before).map((outcome) => [outcome.id, outcome]));
  const later = judged(after);
  const ids = new Set(later.map((outcome) => outcome.id));
  return [
    ...later.flatMap((outcome) => compareOutcome(earlier.get(outcome.id), outcome) ?? []),
    ...[...earlier.values()].filter(({ id }) => !ids.has(id)).map((outcome) => describe('removed', outcome, undefined)),
  ];
}

/**
 * A skipped assertion says nothing about the machine: as if it were not in the spec. But one that was skipped because
 * what it needs did not pass has become unknown.
 */
function judged(run: Run): Outcome[] {
  return run.outcomes.flatMap((outcome): Outcome[] => {
    if (outcome.status !== 'skipped') return [outcome];
    return outcome.unmetNeed === undefined ? [] : [{ ...outcome, status: 'unknown' }];
  });
}

function compareOutcome(before: Outcome | undefined, after: Outcome): Change | undefined {
  if (!before) return describe('added', undefined, after);
  const kind = verdictChanges.get(`${before.status} ${after.status}`);
  if (kind) return describe(kind, before, after);
  if (after.volatile || before.status === 'unknown' || isDeepStrictEqual(before.actual, after.actual)) return undefined;
  return describe(before.perTarget || after.perTarget ? 'intended' : 'drifted', before, after);
}

const verdictChanges: ReadonlyMap<string, ChangeKind> = new Map([
  ['passed failed', 'broke'],
  ['failed passed', 'fixed'],
  ['passed unknown', 'lost'],
  ['failed unknown', 'lost'],
  ['unknown passed', 'found'],
  ['unknown failed', 'found'],
]);

function describe(kind: ChangeKind, before: Outcome | undefined, after: Outcome | undefined): Change {
  const one = after ?? before;
  if (!one) throw new TypeError('a change has at least one side');
  const message = after?.message ?? '';
  return {
    kind,
    resource: one.resource,
    subject: one.subject,
    property: one.property,
    id: one.id,
    type: one.type,
    severity: isWaived(one) ? 'warning' : one.severity,
    ...(before?.actual !== undefined && { before: before.actual }),
    ...(after?.actual !== undefined && { after: after.actual }),
    ...(message !== '' && { message }),
  };
}

/** Facts with an assertion were compared with it; the rest is what is known of a machine though nobody asserts it. */
function compareFacts(before: Run, after: Run): Change[] {
  const asserted = new Set([...before.outcomes, ...after.outcomes].map(addressOf));
  const free = (run: Run) => run.facts.filter((fact) => !fact.volatile && !asserted.has(addressOf(fact)));
  const earlier = new Map(free(before).map((fact) => [addressOf(fact), fact]));
  return free(after).flatMap((fact) => {
    const other = earlier.get(addressOf(fact));
    if (other?.status !== 'known' || fact.status !== 'known' || isDeepStrictEqual(other.value, fact.value)) return [];
    const { resource, subject, property, type } = fact;
    const values = { before: other.value ?? null, after: fact.value ?? null };
    return [{ kind: 'drifted' as const, resource, subject, property, ...(type && { type }), ...values }];
  });
}

/** A path inside a map property belongs to the fact of the property. */
function addressOf({ resource, subject, property }: Fact | Outcome): string {
  return JSON.stringify([resource, subject, property.split('.', 1)[0]]);
}
