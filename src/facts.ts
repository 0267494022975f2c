import { createHash } from 'node:crypto';
import { isTooDeep, tooDeep } from './json-text.js';
import type { Masker } from './mask/masker.js';
import type { Fact, Observation, Query, Reading, Readings, Value } from './model.js';
import { isNoReading, propertyAt, type Resources, settleTypes } from './resource.js';
import { mask } from './text.js';

/**
 * One fact for each resource, subject and wanted property, in the order of the queries. Where two queries ask for the
 * same with other parameters, the first is the fact, in every run alike. Pure.
 */
export function factsOf(
  queries: readonly Query[],
  observations: ReadonlyMap<string, Observation>,
  resources: Resources,
  masker?: Masker,
): Fact[] {
  const facts = new Map<string, Fact>();
  for (const query of queries) {
    for (const property of query.wanted) {
      const address = JSON.stringify([query.resource, query.shownSubject ?? query.subject, property]);
      const observation = observations.get(query.id);
      if (!facts.has(address)) facts.set(address, makeFact(query, property, observation, resources, masker));
    }
  }
  return [...facts.values()];
}

function makeFact(
  { resource: name, subject, shownSubject = subject, params }: Query,
  property: string,
  observation: Observation | undefined,
  resources: Resources,
  masker?: Masker,
): Fact {
  const resource = resources.get(name);
  if (!resource) throw new TypeError(`resource ${name} is not loaded`);
  const { type, volatile, secret } = propertyAt(settleTypes(resource, params), [property]);
  const fact = { resource: name, subject: shownSubject, property };
  const marks = { type: isOfSeveral(property, observation) ? 'map' : type, ...(volatile && { volatile }) };
  const reading = readingOf(property, observation);
  if (!isNoReading(reading))
    return { ...fact, status: 'known', ...marks, value: secret ? mask : keepValue(reading, masker) };
  return { ...fact, status: reading.noReading, ...marks, reason: reading.reason };
}

function readingOf(property: string, observation: Observation | undefined): Reading {
  if (!observation) return { noReading: 'unknown', reason: 'it was not asked' };
  if (observation.status === 'known') {
    const { exists } = observation.readings;
    if (property === 'exists') return exists ?? true;
    const reading = reportedOf(observation.readings, property);
    if (reading === undefined && exists === false) return { noReading: 'absent', reason: 'not there' };
    return reading === undefined ? { noReading: 'unknown', reason: 'not reported' } : reading;
  }
  if (observation.status === 'several') return readingOfSeveral(property, observation);
  if (property === 'exists' && observation.status === 'absent') return false;
  return { noReading: observation.status, reason: observation.reason };
}

function isOfSeveral(property: string, observation: Observation | undefined): boolean {
  return observation?.status === 'several' && !Object.hasOwn(observation.readings, property);
}

/** By the name of each; what could not be told of one is left out. */
function readingOfSeveral(
  property: string,
  { readings, members }: Extract<Observation, { status: 'several' }>,
): Reading {
  if (Object.hasOwn(readings, property)) return readings[property] as Reading;
  if (members.size === 0) return { noReading: 'absent', reason: 'nothing has a name like that' };
  const values = [...members].map(([name, member]): [string, Reading] => [name, readingOf(property, member)]);
  return Object.fromEntries(values.filter(([, value]) => !isNoReading(value))) as Value;
}

/** Characters of a text that a run keeps: enough to see what it was. */
const longestKept = 4000;

/**
 * What a run keeps of a value. Of long text the beginning, and a digest of all of it, so that two runs still differ where
 * the texts do. In a map, keys whose value could not be told or that have none are left out: a reason is no value.
 */
export function keepValue(whole: Reading, masker?: Masker): Value {
  // Before it is shortened, and before the digest is made: that of a short secret is as good as the secret.
  const value = masker ? masker.value(whole as Value) : whole;
  if (typeof value === 'string') return value.length <= longestKept ? value : shorten(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => keepValue(item));
  const kept = Object.entries(value as { readonly [key: string]: Reading }).filter(([, inner]) => !isNoReading(inner));
  return Object.fromEntries(kept.map(([key, inner]) => [key, keepValue(inner)]));
}

function shorten(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${text.slice(0, longestKept)}… (${text.length} characters, SHA-256 ${digest}…)`;
}

/** What was reported of a property; undefined where nothing was. The JSON value null is something. */
export function reportedOf(readings: Readings, property: string): Reading | undefined {
  const reading = Object.hasOwn(readings, property) ? readings[property] : undefined;
  return isTooDeep(reading) ? { noReading: 'unknown', reason: tooDeep } : reading;
}
