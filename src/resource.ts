import { listFolder } from './folder.js';
import type {
  NoReading,
  Notes,
  Observation,
  PartlyKnown,
  Probe,
  Query,
  Reading,
  Value,
  ValueForm,
  ValueTypeName,
} from './model.js';

/** Something that may be asserted. The two tables of a resource are its only declaration: types, schema and docs come from them. */
export interface Property {
  readonly type: ValueTypeName;
  /** One line, no full stop. Shown on hover, by `explain` and in the reference. */
  readonly summary: string;
  /** As one would write it in YAML after the property's name. */
  readonly example: Value;
  /** Changes by itself (PIDs, times, sizes of memory): may be asserted, never counts as drift. */
  readonly volatile?: true;
  /** Masked in every output and in saved runs. */
  readonly secret?: true;
  /** The only words it can be. */
  readonly words?: readonly string[];
  /** The least that it can be: `lint` tells bounds that say nothing. Sizes and percentages are never below 0. */
  readonly least?: number;
  /** The strings that are expected of it (of a map, its keys) are part of the question: they reach `params` as a list under its own name. */
  readonly asksFor?: true;
  /** Of a map: its keys are in lower case, however a spec writes them (names of HTTP headers). */
  readonly lowerCaseKeys?: true;
  /** Of a map: the type of each value; of a list: of each element (default `string`). */
  readonly values?: ValueTypeName;
  /**
   * Its type is that of the value the spec gives for this parameter (text for a string), or what the parameter `type` says;
   * `type` must be `json`.
   */
  readonly typeOf?: string;
  /** The name that it has now: this one still works, `lint` tells of it and `lint --fix` writes the other. */
  readonly deprecated?: string;
  /** Of a map: each value is itself a map with these properties. */
  readonly record?: { readonly [name: string]: Property };
}

/** Something that changes the question. */
export interface Param {
  readonly type: ValueTypeName;
  readonly summary: string;
  readonly example: Value;
  readonly words?: readonly string[];
  readonly secret?: true;
  /** What its text must look like, beside what the type says, and that in words: `boot, switch or a duration`. */
  readonly form?: { readonly pattern: RegExp; readonly expects: string };
  /** Without it there is no question. */
  readonly required?: true;
  /** The name that it has now, as for properties. */
  readonly deprecated?: string;
}

export interface Subject {
  /** What the YAML key stands for. */
  readonly summary: string;
  readonly example: string;
  /** Matches every valid key (also put into the schema; keep it plain enough for JSON Schema). */
  readonly pattern?: RegExp;
  /** Why a key did not match, for people. */
  readonly mistake?: string;
  /** One per host: the properties stand directly under the resource's name, without a subject. */
  readonly none?: true;
  /** The canonical form, which is also what reports show: `nginx` is `nginx.service`. */
  normalize?(written: string): string;
}

/** The name that a key of a table means: its own, or the one that came after it. */
export function currentName(table: { readonly [name: string]: Pick<Property, 'deprecated'> }, written: string): string {
  return (Object.hasOwn(table, written) ? table[written]?.deprecated : undefined) ?? written;
}

type Params = { readonly [name: string]: Param };
type Properties = { readonly [name: string]: Property };

type ValueOf<P extends { readonly type: ValueTypeName; readonly values?: ValueTypeName }> = P['type'] extends 'list'
  ? P extends { readonly values: infer E extends ValueTypeName }
    ? readonly ScalarOf<E>[]
    : readonly string[]
  : P['type'] extends 'map'
    ? { readonly [key: string]: Value }
    : ScalarOf<P['type']>;

type ScalarOf<T extends ValueTypeName> = T extends 'boolean'
  ? boolean
  : T extends 'number' | 'duration' | 'size' | 'time' | 'percentage'
    ? number
    : T extends 'string' | 'text' | 'mode' | 'version'
      ? string
      : Value;

/** What a probe may report: `exists` is free for every resource and true unless said otherwise. */
export type ReadingsOf<Q extends Properties> = { readonly [K in keyof Q]?: ValueOf<Q[K]> | NoReading } & {
  readonly exists?: boolean | NoReading;
};
type ParamsOf<P extends Params> = { readonly [K in keyof P]?: ValueOf<P[K]> };

/** A question with its parameters typed by the table. */
export interface TypedQuery<P extends Params, Q extends Properties> extends Query {
  readonly params: ParamsOf<P> & { readonly [name: string]: Value };
  readonly wanted: ReadonlySet<Extract<keyof Q, string> | 'exists'> & ReadonlySet<string>;
}

interface ResourceForm<P extends Params, Q extends Properties> {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  readonly subject: Subject;
  readonly params: P;
  readonly properties: Q;
  /** What the target must have beyond a POSIX shell and coreutils, for the reference. */
  readonly needs?: readonly string[];
  /** Anything more that a user must know to read the values rightly; Markdown. */
  readonly notes?: string;
  /** How to find out, for all entries at once, so that one command answers them all. Pure. */
  probes(queries: readonly TypedQuery<P, Q>[]): readonly Probe<ReadingsOf<Q>>[];
}

/** A resource type: knows how to ask and how to read the answer; never judges, retries, connects or prints. */
export interface Resource extends Omit<ResourceForm<Params, Properties>, 'probes'> {
  probes(queries: readonly Query[]): readonly Probe[];
}

/** Ties the tables to the readings: a boolean property answered by a number is a compile error at that line. */
export function defineResource<const P extends Params, const Q extends Properties>(form: ResourceForm<P, Q>): Resource {
  return form as unknown as Resource;
}

/** The free property. */
export const existsProperty: Property = {
  type: 'boolean',
  summary: 'Whether it is there at all',
  example: true,
};

/** The same tables, where properties with `typeOf` have the type of what the spec gives. */
export function settleTypes<R extends Pick<Resource, 'properties'>>(resource: R, params: Query['params']): R {
  const entries = Object.entries(resource.properties);
  if (!entries.some(([, { typeOf }]) => typeOf !== undefined)) return resource;
  const settled = entries.map(([name, property]): [string, Property] => [
    name,
    property.typeOf === undefined ? property : { ...property, ...formOfParam(params, property.typeOf) },
  ]);
  return { ...resource, properties: Object.fromEntries(settled) };
}

/** What a spec may say that a value is, where the value itself does not tell. */
export const settledTypes = [
  'string',
  'text',
  'number',
  'boolean',
  'version',
  'duration',
  'size',
  'time',
  'percentage',
  'mode',
] as const satisfies readonly ValueTypeName[];

/** By the param `type`, where there is one; else as the value is written. */
function formOfParam(params: Query['params'], name: string): ValueForm {
  const value = params[name];
  const type = settledTypes.find((one) => one === params.type);
  if (!type) return formOfValue(value);
  return Array.isArray(value) ? { type: 'list', values: type } : { type };
}

function formOfValue(value: Value | undefined): ValueForm {
  if (typeof value === 'string') return { type: 'text' };
  if (typeof value === 'number') return { type: 'number' };
  if (typeof value === 'boolean') return { type: 'boolean' };
  const isList = Array.isArray(value) && value.every((item) => item !== null && typeof item !== 'object');
  if (!isList) return { type: 'json' };
  const numbers = value.length > 0 && value.every((item) => typeof item === 'number');
  return { type: 'list', values: numbers ? 'number' : 'string' };
}

/**
 * What stands at a path: a property, or what is inside a map property (`['peers', 'laptop', 'handshake-age']`).
 * Inside JSON, and inside maps of plain values, everything deeper is JSON.
 */
export function propertyAt(resource: Pick<Resource, 'name' | 'properties'>, path: readonly string[]): Property {
  const [name = '', ...keys] = path;
  const property = name === 'exists' ? existsProperty : resource.properties[name];
  if (!property) throw new TypeError(`${resource.name} has no property ${name}`);
  return descend(property, keys);
}

function descend(property: Property, keys: readonly string[]): Property {
  if (keys.length === 0) return property;
  const [, field, ...rest] = keys;
  if (property.record && field === undefined)
    return { type: 'map', summary: property.summary, example: property.example };
  const inner = property.record && field !== undefined ? property.record[field] : undefined;
  if (inner) return descend(inner, rest);
  const { record: _, values, ...plain } = property;
  const type = property.type === 'map' || property.type === 'list' ? (values ?? 'string') : 'json';
  return descend({ ...plain, type }, keys.slice(1));
}

/** The thing was looked at; `readings` has one value (or `noReading`) for each wanted property. */
export function known<R>(readings: R, notes: Notes = {}): Observation<R> {
  return { status: 'known', readings, ...notes };
}

/** The subject names several things; `readings` are of all of them together, such as their number. */
export function several<R>(readings: R, members: ReadonlyMap<string, Observation<R>>): Observation<R> {
  return { status: 'several', readings, members };
}

/** Looked, and it is not there. */
export function absent(reason: string): Observation<never> {
  return { status: 'absent', reason };
}

/** Could not look: a missing tool, a missing right, a broken answer. Never a verdict. */
export function unknown(reason: string): Observation<never> {
  return { status: 'unknown', reason };
}

/** In place of one property's value: this one could not be told, though the others could. */
export function unknownReading(reason: string): NoReading {
  return { noReading: 'unknown', reason };
}

/** In place of one property's value: only a part of it is known. What that part cannot decide is unknown. */
export function partlyKnown(reason: string, partly: PartlyKnown): NoReading {
  return { noReading: 'unknown', reason, partly };
}

/** In place of one property's value: looked, and the thing has none. */
export function absentReading(reason: string): NoReading {
  return { noReading: 'absent', reason };
}

export function isNoReading(reading: Reading): reading is NoReading {
  // All of its shape: a JSON document of a target's may have a key of that name.
  if (typeof reading !== 'object' || reading === null || !('noReading' in reading)) return false;
  const { noReading, reason } = reading as { readonly [key: string]: unknown };
  return (noReading === 'absent' || noReading === 'unknown') && typeof reason === 'string';
}

/** The same observation for every query of a probe. */
export function sameForAll<R>(queries: readonly Query[], observation: Observation<R>): Map<string, Observation<R>> {
  return new Map(queries.map((query) => [query.id, observation]));
}

// ------------------------------------------------------------------------------------------------------ finding

/** All names, sorted: `resources/unit.ts` is `unit`. */
export function resourceNames(): readonly string[] {
  return listFolder(import.meta.url, 'resources');
}

/** Imports one resource type: `resources/<name>.ts`, whose default export it is. Only what a spec uses is loaded. */
export async function loadResource(name: string): Promise<Resource> {
  const module = (await import(`./resources/${name}.js`)) as { default: Resource };
  return module.default;
}

export type Resources = ReadonlyMap<string, Resource>;

/** Imports several, side by side. */
export async function loadResources(names: Iterable<string> = resourceNames()): Promise<Resources> {
  const wanted = [...new Set(names)];
  const loaded = await Promise.all(wanted.map(loadResource));
  return new Map(loaded.map((resource) => [resource.name, resource]));
}
