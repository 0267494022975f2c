import type { Argument, Assertion, Entry, Need, Probe, PropertyExpectation, Query, Value } from './model.js';
import { propertyAt, type Resource, type Resources, settleTypes } from './resource.js';

/** What will be asked of one target and what will be judged. A plain value: printable, testable, without effects. */
export interface Plan {
  readonly assertions: readonly Assertion[];
  readonly queries: readonly Query[];
}

/** Turns the entries of a spec for one target into assertions and, apart from them, queries; equal questions become one. */
export function planRun(entries: readonly Entry[], resources: Resources): Plan {
  const queries = new QueryTable();
  const ids = new Map<string, number>();
  const planned = entries.map((entry) => ({ entry, assertions: planEntry(entry, resources, queries, ids) }));
  const idsOf = new Map<string, string[]>();
  for (const { entry, assertions } of planned) {
    idsOf.set(nameEntry(entry), [...(idsOf.get(nameEntry(entry)) ?? []), ...assertions.map(({ id }) => id)]);
  }
  const assertions = planned.flatMap(({ entry: { needs }, assertions }) => {
    const found = needs?.map((name): Need => ({ name, assertions: idsOf.get(name) ?? [] }));
    return found ? assertions.map((assertion) => ({ ...assertion, needs: found })) : assertions;
  });
  return { assertions, queries: queries.list() };
}

/** Assertions by when they are looked at: what needs nothing, then what needs that, and so on. */
export function listStages(assertions: readonly Assertion[]): readonly (readonly Assertion[])[] {
  const stages: Assertion[][] = [];
  const done = new Set<string>();
  for (let left = assertions; left.length > 0; ) {
    const isDue = ({ needs = [] }: Assertion) => needs.every((need) => need.assertions.every((id) => done.has(id)));
    const due = left.filter(isDue);
    if (due.length === 0) throw new TypeError('the entries need each other');
    stages.push(due);
    for (const { id } of due) done.add(id);
    left = left.filter(({ id }) => !done.has(id));
  }
  return stages;
}

/** How `needs` and reports name an entry: `unit nginx.service`. */
export function nameEntry({ resource, subject }: Pick<Entry, 'resource' | 'subject'>): string {
  return subject === '' ? resource : `${resource} ${subject}`;
}

/** The probes for some of a plan's queries: each resource type is asked once, with all its queries. */
export function planProbes(queries: Iterable<Query>, resources: Resources): Probe[] {
  const byResource = new Map<string, Query[]>();
  for (const query of queries) {
    const group = byResource.get(query.resource);
    if (group) group.push(query);
    else byResource.set(query.resource, [query]);
  }
  return [...byResource].flatMap(([name, group]) => [...resourceNamed(name, resources).probes(group)]);
}

function planEntry(entry: Entry, resources: Resources, queries: QueryTable, ids: Map<string, number>): Assertion[] {
  const resource = resourceNamed(entry.resource, resources);
  const settled = settleTypes(resource, entry.params);
  const withAsked = addAsked(entry, resource);
  return entry.expectations.map((expectation): Assertion => {
    const property = propertyAt(settled, expectation.path);
    const skip = entry.options.skip ?? expectation.skip;
    return {
      id: uniqueId(entry, expectation, ids),
      resource: entry.resource,
      subject: entry.shownSubject ?? entry.subject,
      property: (expectation.shownPath ?? expectation.path).join('.'),
      path: expectation.path,
      type: property.type,
      ...(property.values && { values: property.values }),
      ...(property.volatile && { volatile: true }),
      ...(property.secret && { secret: true }),
      expectation: expectation.expectation,
      expected: expectation.expected,
      perTarget: expectation.perTarget,
      options: entry.options,
      position: expectation.position,
      ...(skip !== undefined && { skip }),
      query: skip === undefined ? queries.add(withAsked, expectation.path[0] ?? '') : '',
    };
  });
}

/** Of a certificate one asks "is it for these names?": there, what is expected is part of the question. */
function addAsked(entry: Entry, resource: Resource): Entry {
  const params: Record<string, Value> = { ...entry.params };
  for (const { path, expectation } of entry.expectations) {
    const [name = ''] = path;
    const property = resource.properties[name];
    if (!property?.asksFor) continue;
    const before = params[name];
    const asked = property.type === 'map' ? path.slice(1, 2) : listStrings(expectation.argument);
    const words = new Set([...(Array.isArray(before) ? before : []), ...asked]);
    params[name] = [...words].sort();
  }
  return { ...entry, params };
}

/** All strings in an argument, however deep. */
function listStrings(argument: Argument): readonly string[] {
  if (typeof argument === 'string') return [argument];
  if (argument === null || typeof argument !== 'object') return [];
  if (Array.isArray(argument)) return argument.flatMap(listStrings);
  return 'matcher' in argument && 'argument' in argument
    ? listStrings(argument.argument as Argument)
    : Object.values(argument).flatMap(listStrings);
}

/**
 * Two entries may assert the same of one subject, in two files or with other parameters: the later ones get a number.
 * What differs per target may have another matcher on each, and is the same assertion all the same.
 */
function uniqueId(
  { resource, subject, shownSubject }: Entry,
  { path, shownPath, expectation, perTarget }: PropertyExpectation,
  ids: Map<string, number>,
): string {
  const property = (shownPath ?? path).join('.');
  const words = [resource, shownSubject ?? subject, property, perTarget ? '' : expectation.matcher];
  const id = words.filter((word) => word !== '').join(' ');
  const count = (ids.get(id) ?? 0) + 1;
  ids.set(id, count);
  return count === 1 ? id : `${id} #${count}`;
}

/** Collects queries; the same resource, subject, parameters and time limit are one question with more properties wanted. */
class QueryTable {
  private readonly table = new Map<string, { query: Query; wanted: Set<string> }>();

  add(entry: Entry, property: string): string {
    const key = JSON.stringify([entry.resource, entry.subject, sortKeys(entry.params), entry.timeout ?? null]);
    let row = this.table.get(key);
    if (!row) {
      const wanted = new Set<string>();
      const { resource, subject, shownSubject, params, timeout } = entry;
      const id = `${resource}-${this.table.size}`;
      const more = { ...(shownSubject !== undefined && { shownSubject }), ...(timeout !== undefined && { timeout }) };
      row = { wanted, query: { id, resource, subject, params, wanted, ...more } };
      this.table.set(key, row);
    }
    row.wanted.add(property);
    return row.query.id;
  }

  list(): Query[] {
    return [...this.table.values()].map((row) => row.query);
  }
}

function sortKeys(params: { readonly [name: string]: Value }): [string, Value][] {
  return Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
}

function resourceNamed(name: string, resources: Resources) {
  const resource = resources.get(name);
  if (!resource) throw new TypeError(`resource ${name} is not loaded`);
  return resource;
}
