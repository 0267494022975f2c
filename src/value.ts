import type { Value, ValueTypeName } from './model.js';
import { quoteText, shorten, showData, showWord } from './show-text.js';

/** A scalar, list or mapping of a spec: YAML's reading of it and, for a scalar, the very characters. */
export interface Written {
  readonly value: Value;
  /** A scalar as it stands in the file: `0644`, `1.10`, `yes`. */
  readonly source?: string;
  /** Of a list: its elements, with their characters. */
  readonly items?: readonly Written[];
}

/** Thrown by `read`: what is wrong with a literal, for a problem at its place. */
export class ValueError extends Error {}

/** One type of value: how it is written, what editors accept, how people see it. */
export interface ValueType {
  readonly name: ValueTypeName;
  /** `a duration such as 90s, 3m or 14d`: completes "expected …". */
  readonly expects: string;
  /** JSON Schema of the literal. Strings with `${…}` are added by the schema's maker. */
  readonly schema: { readonly [keyword: string]: unknown };
  /** @throws ValueError */
  read(written: Written): Value;
  show(value: Value): string;
}

const durationUnits: ReadonlyMap<string, number> = new Map([
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['min', 60],
  ['h', 3600],
  ['d', 86_400],
  ['w', 604_800],
]);

/** IEC and SI prefixes as systemd and coreutils take them apart: `K` alone is 1024, `kB` is 1000. */
const sizeUnits: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ...['K', 'M', 'G', 'T', 'P'].flatMap((prefix, at): [string, number][] => [
    [prefix, 1024 ** (at + 1)],
    [`${prefix}iB`, 1024 ** (at + 1)],
    [`${prefix === 'K' ? 'k' : prefix}B`, 1000 ** (at + 1)],
  ]),
]);

// With spaces too, as they are shown: what a report says can be put into a spec. A number alone counts the smallest unit.
const amount = '[0-9]+(\\.[0-9]+)?';
const durationPart = `${amount} ?(ms|s|m|min|h|d|w)`;
export const durationPattern = `^-?${durationPart}( ?${durationPart})*$`;
const sizePattern = `^${amount}( ?([KMGTP](iB)?|[kMGTP]B|B))?$`;
const countPattern = `^-?${amount}$`;
const percentagePattern = `^${amount}( ?%)?$`;
const timePattern =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$';

const isDuration = new RegExp(`${durationPattern}|${countPattern}`);
const isSize = new RegExp(sizePattern);
const isPercentage = new RegExp(percentagePattern);
const isTime = new RegExp(timePattern);
const isMode = /^[0-7]{4}$/;
const isPlainVersion = /^[A-Za-z0-9.+~:_-]{1,100}$/;

/** Every value type by name. */
export const valueTypes: { readonly [name in ValueTypeName]: ValueType } = {
  boolean: {
    name: 'boolean',
    expects: 'true or false',
    schema: { type: ['boolean', 'string'], pattern: '^(true|false|yes|no|on|off)$' },
    read: ({ value }) => {
      if (typeof value === 'boolean') return value;
      if (value === 'yes' || value === 'on' || value === 'true') return true;
      if (value === 'no' || value === 'off' || value === 'false') return false;
      throw new ValueError('expected true or false');
    },
    show: (value) => showJson(value),
  },
  number: {
    name: 'number',
    expects: 'a number',
    schema: { type: ['number', 'string'], pattern: '^-?[0-9]+(\\.[0-9]+)?$' },
    read: ({ value }) => {
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
      throw new ValueError('expected a number');
    },
    show: (value) => (typeof value === 'number' ? String(value) : showJson(value)),
  },
  string: {
    name: 'string',
    expects: 'a string',
    schema: { type: ['string', 'number', 'boolean'] },
    read: readString,
    show: showText,
  },
  text: {
    name: 'text',
    expects: 'text',
    schema: { type: ['string', 'number', 'boolean'] },
    read: readString,
    show: showText,
  },
  list: {
    name: 'list',
    expects: 'a list of strings',
    schema: { type: 'array', items: { type: ['string', 'number', 'boolean'] } },
    read: ({ value, items }) => {
      if (!Array.isArray(value)) throw new ValueError('expected a list of strings');
      return (items ?? value.map((item: Value) => ({ value: item }))).map(readString);
    },
    show: (value) => (Array.isArray(value) ? showList(value, 'string') : showJson(value)),
  },
  map: { name: 'map', expects: 'a mapping', schema: { type: 'object' }, read: readMap, show: showKnown },
  json: { name: 'json', expects: 'any value', schema: {}, read: ({ value }) => value, show: showJson },
  duration: {
    name: 'duration',
    expects: 'a duration such as 90s, 3m or 14d',
    schema: { type: ['string', 'number'], pattern: `${durationPattern}|${countPattern}` },
    read: readDuration,
    show: (value) => (typeof value === 'number' ? showDuration(value) : showJson(value)),
  },
  size: {
    name: 'size',
    expects: 'a size such as 512MiB, 4G or 1200 (bytes)',
    schema: { type: ['string', 'number'], pattern: sizePattern },
    read: readSize,
    show: (value) => (typeof value === 'number' ? showSize(value) : showJson(value)),
  },
  time: {
    name: 'time',
    expects: 'a date or time such as 2026-11-23 or 2026-11-23T08:00:00Z',
    schema: { type: 'string', pattern: timePattern },
    read: readTime,
    show: (value) => (typeof value === 'number' ? showTime(value) : showJson(value)),
  },
  percentage: {
    name: 'percentage',
    expects: 'a percentage such as 90%',
    schema: { type: ['string', 'number'], pattern: percentagePattern },
    read: ({ value }) => {
      if (isCount(value)) return value;
      if (typeof value === 'string' && isPercentage.test(value)) return Number.parseFloat(value);
      throw new ValueError('expected a percentage such as 90%');
    },
    show: (value) => (typeof value === 'number' ? `${value}%` : showJson(value)),
  },
  mode: {
    name: 'mode',
    expects: 'four octal digits such as "0644"',
    schema: { type: ['string', 'number'], pattern: '^[0-7]{3,4}$' },
    // YAML 1.2 reads a bare 0644 as the decimal number 644, and 0o644 as 420: only the characters tell what was meant.
    read: ({ value, source }) => {
      const text = source ?? String(value);
      const digits = /^(?:0o)?([0-7]{3,4})$/.exec(typeof value === 'string' ? value : text)?.[1];
      if (!digits) throw new ValueError('expected four octal digits such as "0644"');
      return digits.padStart(4, '0');
    },
    show: (value) => (typeof value === 'string' && isMode.test(value) ? value : showText(value)),
  },
  version: {
    name: 'version',
    expects: 'a version such as 1.24.3',
    schema: { type: ['string', 'number'] },
    read: (written) => {
      if (typeof written.value === 'boolean') throw new ValueError('expected a version such as 1.24.3');
      return readString(written);
    },
    show: (value) => (typeof value === 'string' && isPlainVersion.test(value) ? value : showText(value)),
  },
};

function readString({ value, source }: Written): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return source ?? String(value);
  throw new ValueError('expected a string');
}

function readMap({ value }: Written): Value {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw new ValueError('expected a mapping');
}

/** A number that counts something: not less than nothing, and not without end. */
function isCount(value: Value): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** `1h30m` and the like, or a bare number of seconds, to seconds. */
export function readDuration({ value }: Written): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value !== 'string' || !isDuration.test(value)) {
    throw new ValueError('expected a duration such as 90s, 3m or 14d');
  }
  let seconds = 0;
  for (const [, count, unit = 's'] of value.matchAll(/([0-9.]+) ?(ms|min|[smhdw])?/g)) {
    seconds += Number(count) * (durationUnits.get(unit) ?? Number.NaN);
  }
  // 55 ms are 0.055 s, and not 0.055000000000000004.
  const exact = Number(seconds.toPrecision(15));
  return value.startsWith('-') ? -exact : exact;
}

/** `512MiB` and the like, or a bare number of bytes, to bytes. */
export function readSize({ value }: Written): number {
  if (isCount(value)) return value;
  const parts = typeof value === 'string' && isSize.test(value) && /^([0-9.]+) ?(.*)$/.exec(value);
  if (!parts) throw new ValueError('expected a size such as 512MiB, 4G or 1200 (bytes)');
  return Math.round(Number(parts[1]) * (sizeUnits.get(parts[2] || 'B') ?? Number.NaN));
}

/** A time without a zone is UTC, wherever nixspec runs. */
function readTime({ value }: Written): number {
  const text = typeof value === 'string' && isTime.test(value) ? value.replace(' ', 'T') : '';
  const seconds =
    Date.parse(/^.{10}T.*[0-9]$/.test(text) && !/[+-][0-9:]+$/.test(text.slice(10)) ? `${text}Z` : text) / 1000;
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(seconds) || !isDay(text.slice(0, 10)))
    throw new ValueError('expected a date or time such as 2026-11-23 or 2026-11-23T08:00:00Z');
  return seconds;
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** The two largest units that matter: `14 d 3 h`, `1.25 s`, `80 ms`. */
export function showDuration(seconds: number): string {
  if (seconds < 0) return `-${showDuration(-seconds)}`;
  if (seconds === 0) return '0 s';
  if (seconds < 1) return `${trim(seconds * 1000)} ms`;
  if (seconds < 60) return `${trim(seconds)} s`;
  const units: readonly [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  let rest = Math.round(seconds);
  return units
    .slice(first, first + 2)
    .map(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? '' : `${count} ${unit}`;
    })
    .filter(Boolean)
    .join(' ');
}

/** With an IEC unit: `512 MiB`; with one of SI where only that is exact: `512 MB`. */
export function showSize(bytes: number): string {
  const binary = scale(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);
  const decimal = scale(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
  return !binary.isExact && decimal.isExact ? decimal.shown : binary.shown;
}

function scale(count: number, base: number, units: readonly string[]) {
  const at = Math.max(
    0,
    units.findLastIndex((_, power) => Math.abs(count) >= base ** power),
  );
  const number = trim(count / base ** at);
  return { shown: `${number} ${units[at]}`, isExact: Number(number) * base ** at === count };
}

function showTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}

/** Three digits, or all those before the point. */
function trim(number: number): string {
  const whole = Math.abs(number) < 1e21 ? String(Math.trunc(Math.abs(number))).length : 1;
  return String(Number(number.toPrecision(Math.max(3, whole))));
}

function showText(value: Value): string {
  return typeof value === 'string' ? quoteText(value) : showJson(value);
}

function showList(list: readonly Value[], type: ValueTypeName): string {
  const words = list.map((item) => {
    if (type !== 'string') return showValue(item, type);
    return typeof item === 'string' ? showWord(item) : showData(item);
  });
  return `[${shorten(words.join(', '))}]`;
}

/** Of a map whose values count something: with their units. */
function showMap(map: object, type: ValueTypeName): string {
  const words = Object.entries(map).map(([key, value]) => `${showWord(key)}: ${showValue(value as Value, type)}`);
  return `{${shorten(words.join(', '))}}`;
}

/** Of a map, without what could not be told: a reason is no value. */
function showKnown(value: Value): string {
  const isReason = (inner: unknown) =>
    typeof inner === 'object' && inner !== null && inner !== value && 'noReading' in inner && 'reason' in inner;
  return showData(value, (inner) => (isReason(inner) ? undefined : inner));
}

function showJson(value: Value): string {
  return showData(value);
}

/**
 * Shows a value of a type to people.
 *
 * @param values the type of what is in a list or a map
 */
export function showValue(value: Value, type: ValueTypeName, values: ValueTypeName = 'string'): string {
  if (values === 'string' || value === null || typeof value !== 'object') return valueTypes[type].show(value);
  return Array.isArray(value) ? showList(value, values) : showMap(value, values);
}
