import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { compileRegexp } from '../pattern.js';
import { printFormat } from './template-format.js';
import { force, type GoValue, isList, isMapping, isTrue, NotPlain, printValue, toJson } from './template-value.js';

/** A function of templates. What it throws is told, and the action stays as it was. */
export type TemplateFunction = (...args: GoValue[]) => GoValue;

/** What grows without end must not grow here either. */
const longest = 100_000;

const text = printValue;

function num(value: GoValue): number {
  const known = force(value);
  const number = typeof known === 'boolean' ? Number(known) : Number(known ?? 0);
  if (Number.isNaN(number)) throw new NotPlain(`${JSON.stringify(text(value))} is not a number`);
  return number;
}

function list(value: GoValue): readonly GoValue[] {
  const known = force(value);
  if (isList(known)) return known;
  throw new NotPlain(`${text(value)} is not a list`);
}

function mapping(value: GoValue): { readonly [key: string]: GoValue } {
  const known = force(value);
  if (isMapping(known)) return known;
  throw new NotPlain(`${text(value)} is not a mapping`);
}

function bounded(value: string): string {
  if (value.length > longest) throw new NotPlain('it grows too long');
  return value;
}

function count(value: GoValue): number {
  const number = num(value);
  if (number > longest) throw new NotPlain('it grows too long');
  return number;
}

function same(a: GoValue, b: GoValue): boolean {
  const [left, right] = [force(a), force(b)];
  if (isList(left) || isMapping(left) || isList(right) || isMapping(right)) return toJson(left) === toJson(right);
  return left === right;
}

/** Numbers by their value, texts by their characters. */
function order(a: GoValue, b: GoValue): number {
  const [left, right] = [force(a), force(b)];
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  throw new NotPlain(`${text(a)} and ${text(b)} cannot be compared`);
}

function lengthOf(value: GoValue): number {
  const known = force(value);
  if (isList(known)) return known.length;
  if (isMapping(known)) return Object.keys(known).length;
  return Buffer.byteLength(text(known));
}

function cut(value: GoValue, from: number, to?: number): GoValue {
  const known = force(value);
  return isList(known) ? known.slice(from, to) : text(known).slice(from, to);
}

function range(from: number, to: number, step = 1): number[] {
  const numbers: number[] = [];
  if (step === 0 || Math.abs(to - from) / Math.abs(step) > longest) throw new NotPlain('it grows too long');
  for (let at = from; step > 0 ? at < to : at > to; at += step) numbers.push(at);
  return numbers;
}

function pairUp(args: readonly GoValue[]): { readonly [key: string]: GoValue } {
  const pairs: [string, GoValue][] = [];
  for (let at = 0; at < args.length; at += 2) pairs.push([text(args[at]), args[at + 1]]);
  return Object.fromEntries(pairs);
}

function replaceAll(value: string, found: string, by: string): string {
  return found === '' ? value : value.split(found).join(by);
}

function trimSet(value: string, set: string, ends: 'start' | 'end' | 'both'): string {
  let [from, to] = [0, value.length];
  while (ends !== 'end' && from < to && set.includes(value[from] ?? '')) from += 1;
  while (ends !== 'start' && to > from && set.includes(value[to - 1] ?? '')) to -= 1;
  return value.slice(from, to);
}

function indent(spaces: number, value: string): string {
  return bounded(value.replace(/^/gm, ' '.repeat(spaces)));
}

function capitalize(value: string): string {
  return value.replace(/(^|\s)(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
}

function unique(values: readonly GoValue[]): GoValue[] {
  return values.filter((value, at) => values.findIndex((one) => same(one, value)) === at);
}

function kindOf(value: GoValue): string {
  const known = force(value);
  if (isList(known)) return 'slice';
  if (isMapping(known)) return 'map';
  if (typeof known === 'number') return Number.isInteger(known) ? 'int' : 'float64';
  return typeof known === 'boolean' ? 'bool' : typeof known === 'string' ? 'string' : 'invalid';
}

/** Of text/template itself. `and` and `or` are short circuits, and so with the one who runs a template. */
const ofGo: { readonly [name: string]: TemplateFunction } = {
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => same(first, other)),
  ne: (a, b) => !same(a, b),
  lt: (a, b) => order(a, b) < 0,
  le: (a, b) => order(a, b) <= 0,
  gt: (a, b) => order(a, b) > 0,
  ge: (a, b) => order(a, b) >= 0,
  len: lengthOf,
  slice: (value, from, to) => cut(value, num(from), to === undefined ? undefined : num(to)),
  print: (...args) => args.map(text).join(''),
  println: (...args) => `${args.map(text).join(' ')}\n`,
  printf: (format, ...args) => bounded(printFormat(text(format), args)),
  urlquery: (...args) => encodeURIComponent(args.map(text).join('')),
};

/** Of Goss, and of sprig: those that depend on nothing but their arguments. */
const ofGoss: { readonly [name: string]: TemplateFunction } = {
  mkSlice: (...args) => args,
  list: (...args) => args,
  tuple: (...args) => args,
  dict: (...args) => pairUp(args),
  regexMatch: (pattern, value) => compileRegexp(text(pattern)).test(text(value)),
  toUpper: (value) => text(value).toUpperCase(),
  toLower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  lower: (value) => text(value).toLowerCase(),
  title: (value) => capitalize(text(value)),
  trim: (value) => text(value).trim(),
  trimAll: (set, value) => trimSet(text(value), text(set), 'both'),
  trimPrefix: (prefix, value) =>
    text(value).startsWith(text(prefix)) ? text(value).slice(text(prefix).length) : text(value),
  trimSuffix: (suffix, value) =>
    text(value).endsWith(text(suffix)) ? text(value).slice(0, text(value).length - text(suffix).length) : text(value),
  nospace: (value) => text(value).replace(/\s/g, ''),
  repeat: (times, value) =>
    bounded(text(value).repeat(Math.max(0, Math.min(count(times), longest / Math.max(1, text(value).length) + 1)))),
  replace: (found, by, value) => bounded(replaceAll(text(value), text(found), text(by))),
  substr: (from, to, value) => cut(text(value), Math.max(0, num(from)), num(to) < 0 ? undefined : num(to)),
  trunc: (size, value) => (num(size) < 0 ? text(value).slice(num(size)) : text(value).slice(0, num(size))),
  contains: (part, value) => text(value).includes(text(part)),
  hasPrefix: (prefix, value) => text(value).startsWith(text(prefix)),
  hasSuffix: (suffix, value) => text(value).endsWith(text(suffix)),
  quote: (...args) => args.map((arg) => JSON.stringify(text(arg))).join(' '),
  squote: (...args) => args.map((arg) => `'${text(arg)}'`).join(' '),
  cat: (...args) => args.map(text).join(' '),
  indent: (spaces, value) => indent(count(spaces), text(value)),
  nindent: (spaces, value) => `\n${indent(count(spaces), text(value))}`,
  join: (by, values) => bounded(list(values).map(text).join(text(by))),
  splitList: (by, value) => text(value).split(text(by)),
  split: (by, value) =>
    Object.fromEntries(
      text(value)
        .split(text(by))
        .map((part, at) => [`_${at}`, part]),
    ),
  default: (fallback, value) => (isTrue(value) ? value : fallback),
  empty: (value) => !isTrue(value),
  coalesce: (...args) => args.find((arg) => isTrue(arg)),
  ternary: (yes, no, condition) => (isTrue(condition) ? yes : no),
  first: (values) => list(values)[0],
  last: (values) => list(values).at(-1),
  rest: (values) => list(values).slice(1),
  initial: (values) => list(values).slice(0, -1),
  append: (values, value) => [...list(values), value],
  prepend: (values, value) => [value, ...list(values)],
  concat: (...lists) => lists.flatMap(list),
  reverse: (values) => [...list(values)].reverse(),
  uniq: (values) => unique(list(values)),
  without: (values, ...others) => list(values).filter((value) => !others.some((other) => same(other, value))),
  compact: (values) => list(values).filter((value) => isTrue(value)),
  has: (value, values) => list(values).some((one) => same(one, value)),
  sortAlpha: (values) => list(values).map(text).sort(),
  hasKey: (map, key) => Object.hasOwn(mapping(map), text(key)),
  keys: (...maps) => maps.flatMap((map) => Object.keys(mapping(map))).sort(),
  values: (map) => Object.values(mapping(map)),
  pick: (map, ...keys) =>
    Object.fromEntries(Object.entries(mapping(map)).filter(([key]) => keys.map(text).includes(key))),
  omit: (map, ...keys) =>
    Object.fromEntries(Object.entries(mapping(map)).filter(([key]) => !keys.map(text).includes(key))),
  toJson: (value) => toJson(value),
  toString: text,
  toStrings: (values) => list(values).map(text),
  int: (value) => Math.trunc(num(value)),
  int64: (value) => Math.trunc(num(value)),
  atoi: (value) => Math.trunc(num(value)),
  float64: num,
  add: (...args) => args.reduce<number>((sum, arg) => sum + num(arg), 0),
  add1: (value) => num(value) + 1,
  sub: (a, b) => num(a) - num(b),
  mul: (...args) => args.reduce<number>((product, arg) => product * num(arg), 1),
  div: (a, b) => divide(num(a), num(b)),
  mod: (a, b) => num(a) % num(b),
  max: (...args) => Math.max(...args.map(num)),
  min: (...args) => Math.min(...args.map(num)),
  until: (end) => range(0, num(end), num(end) < 0 ? -1 : 1),
  untilStep: (start, end, step) => range(num(start), num(end), num(step)),
  kindIs: (kind, value) => kindOf(value) === text(kind),
  kindOf,
  b64enc: (value) => Buffer.from(text(value)).toString('base64'),
  b64dec: (value) => Buffer.from(text(value), 'base64').toString('utf8'),
  semverCompare: (constraint, version) => compareVersions(text(constraint), text(version)),
  sha256sum: (value) => createHash('sha256').update(text(value)).digest('hex'),
};

/** The ranges of sprig are those of npm, but for commas. */
function compareVersions(constraint: string, version: string): boolean {
  const { coerce, parse, satisfies, validRange } = createRequire(import.meta.url)('semver') as typeof import('semver');
  const range = constraint.replaceAll(',', ' ').replaceAll('=>', '>=').replaceAll('=<', '<=');
  const known = parse(version) ?? coerce(version);
  if (!known || range.includes('!') || validRange(range) === null) {
    throw new NotPlain(`${JSON.stringify(constraint)} and ${JSON.stringify(version)} cannot be compared`);
  }
  return satisfies(known, range);
}

function divide(a: number, b: number): number {
  if (b === 0) throw new NotPlain('it divides by zero');
  return Math.trunc(a / b);
}

const functions = new Map([...Object.entries(ofGo), ...Object.entries(ofGoss)]);

/** @throws NotPlain where there is none of that name, or it needs the machine on which Goss runs */
export function findFunction(name: string): TemplateFunction {
  const found = functions.get(name);
  if (found) return found;
  if (name === 'readFile') throw new NotPlain('readFile reads a file of the machine that Goss runs on');
  throw new NotPlain(`the function ${name} is not carried over`);
}
