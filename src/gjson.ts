import {
  type KeyPart,
  type ModifierName,
  type Operator,
  type Path,
  parsePath,
  type Query,
  type Step,
} from './gjson-path.js';
import { parseJson } from './json-text.js';
import type { Value } from './model.js';

/**
 * What stands at a path of GJSON; undefined where nothing does. As GJSON has it, but that nothing can be made of nothing
 * (`missing|@keys` is an empty list there).
 */
export function findAt(value: Value, path: Path): Value | undefined {
  const [step, ...rest] = path;
  if (!step) return value;
  switch (step.kind) {
    case 'key':
      return findAtKey(value, step, rest);
    case 'each':
      if (!Array.isArray(value))
        return findAtKey(value, { ...step, kind: 'key', name: '#', parts: [{ text: '#' }] }, rest);
      return goesInside(rest) ? findInEach(value, rest) : findAt(value.length, rest);
    case 'query':
      return Array.isArray(value) ? findByQuery(value, step, rest) : undefined;
    case 'literal':
      return findAt(step.value, rest);
    case 'lines':
      return findAt([value], rest);
    default: {
      const made = step.kind === 'modifier' ? modify(value, step.name, step.argument) : pick(value, step);
      return made === undefined ? undefined : findAt(made, rest);
    }
  }
}

/** After `#` and queries, a dot goes on in each element, a pipe with all that was found. */
function goesInside([next]: Path): boolean {
  return next !== undefined && !next.piped;
}

/** A wildcard stands for the first key below which there is the rest of the path, up to what no longer depends on it. */
function findAtKey(value: Value, step: Extract<Step, { kind: 'key' }>, rest: Path): Value | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) {
    const inner = /^\d{1,9}$/.test(step.name) ? (value[Number(step.name)] as Value | undefined) : undefined;
    return inner === undefined ? undefined : findAt(inner, rest);
  }
  const map = value as { readonly [key: string]: Value };
  if (step.name !== '') return Object.hasOwn(map, step.name) ? findAt(map[step.name] ?? null, rest) : undefined;
  const cut = rest.findIndex(({ piped, kind }) => piped || kind === 'modifier' || kind === 'list' || kind === 'map');
  const [inner, after] = cut < 0 ? [rest, []] : [rest.slice(0, cut), rest.slice(cut)];
  for (const key of Object.keys(map)) {
    const found = fits(key, step.parts) ? findAt(map[key] ?? null, inner) : undefined;
    if (found !== undefined) return findAt(found, after);
  }
  return undefined;
}

function findByQuery(
  list: readonly Value[],
  { query, all }: Extract<Step, { kind: 'query' }>,
  rest: Path,
): Value | undefined {
  if (!all) {
    const first = list.find((element) => answers(element, query));
    return first === undefined ? undefined : findAt(first, rest);
  }
  const matching = list.filter((element) => answers(element, query));
  return goesInside(rest) ? findInEach(matching, rest) : findAt(matching, rest);
}

function findInEach(elements: readonly Value[], path: Path): Value | undefined {
  const pipe = path.findIndex((step, at) => at > 0 && step.piped);
  const [inner, rest] = pipe < 0 ? [path, []] : [path.slice(0, pipe), path.slice(pipe)];
  const found = elements.map((element) => findAt(element, inner)).filter((one) => one !== undefined);
  return findAt(found, rest);
}

/** A multipath: what is found at each of its paths; what is not there is left out. */
function pick(value: Value, step: Extract<Step, { kind: 'list' | 'map' }>): Value {
  if (step.kind === 'list') return step.members.map((path) => findAt(value, path)).filter((one) => one !== undefined);
  const found = step.members.map(({ name, path }) => [name, findAt(value, path)] as const);
  return Object.fromEntries(found.filter((pair): pair is readonly [string, Value] => pair[1] !== undefined));
}

// ---------------------------------------------------------------------------------------------------- modifiers

function modify(value: Value, name: ModifierName, argument: string): Value | undefined {
  const map = mapOf(value);
  switch (name) {
    case 'reverse':
      return Array.isArray(value)
        ? [...value].reverse()
        : map
          ? Object.fromEntries(Object.entries(map).reverse())
          : value;
    case 'flatten':
      return Array.isArray(value) ? flatten(value, isSet(argument, 'deep')) : value;
    case 'join':
      return Array.isArray(value)
        ? Object.fromEntries(value.flatMap((one: Value) => Object.entries(mapOf(one) ?? {})))
        : value;
    case 'keys':
      return map ? Object.keys(map) : Array.isArray(value) ? value.map(() => null) : [null];
    case 'values':
      return map ? Object.values(map) : Array.isArray(value) ? value : [value];
    case 'tostr':
      return JSON.stringify(value);
    case 'fromstr':
      return typeof value === 'string' ? parsed(value) : value;
    case 'group':
      return map && group(map);
    case 'dig':
      return dig(value, parsePath(argument));
    default:
      return value;
  }
}

function mapOf(value: Value): { readonly [key: string]: Value } | undefined {
  const isMap = value !== null && typeof value === 'object' && !Array.isArray(value);
  return isMap ? (value as { readonly [key: string]: Value }) : undefined;
}

function flatten(list: readonly Value[], deep: boolean): Value[] {
  return list.flatMap((one) => (Array.isArray(one) ? (deep ? flatten(one, deep) : (one as Value[])) : [one]));
}

/** An option of a modifier: `@flatten:{"deep":true}`. */
function isSet(argument: string, option: string): boolean {
  const options = parsed(argument);
  return options !== undefined && mapOf(options)?.[option] === true;
}

function parsed(text: string): Value | undefined {
  const json = parseJson(text);
  return 'value' in json ? json.value : undefined;
}

/** `{"a":[1,2],"b":[3,4]}` to `[{"a":1,"b":3},{"a":2,"b":4}]` */
function group(map: { readonly [key: string]: Value }): Value {
  const lists = Object.entries(map).filter((pair): pair is [string, Value[]] => Array.isArray(pair[1]));
  const length = Math.max(0, ...lists.map(([, list]) => list.length));
  return Array.from({ length }, (_, at) =>
    Object.fromEntries(lists.flatMap(([key, list]) => (at < list.length ? [[key, list[at] ?? null]] : []))),
  );
}

/** What stands at the path in the value or, however deep, in anything inside it. */
function dig(value: Value, path: Path): Value[] {
  const own = findAt(value, path);
  const inner = value !== null && typeof value === 'object' ? (Object.values(value) as Value[]) : [];
  return [...(own === undefined ? [] : [own]), ...inner.flatMap((one) => dig(one, path))];
}

// ---------------------------------------------------------------------------------------------------- queries

function answers(element: Value, { path, operator, operand }: Query): boolean {
  if (path.length > 0 && (element === null || typeof element !== 'object')) return false;
  const found = findAt(element, path);
  if (operand.startsWith('~')) return compareBooleans(isLike(found, operand), operator ?? '=', 'true');
  if (found === undefined) return false;
  return operator === undefined || compare(found, operator, operand);
}

/** `~true` and the like ask what a value would be if it were a boolean. */
function isLike(value: Value | undefined, kind: string): boolean {
  if (kind === '~*') return value !== undefined;
  if (kind === '~null') return value === undefined || value === null;
  const meant = typeof value === 'string' ? value.toLowerCase() : value;
  if (kind === '~true') return meant === true || (typeof meant === 'number' && meant !== 0) || isWord(meant, 'true');
  return meant === undefined || meant === null || meant === false || meant === 0 || isWord(meant, 'false');
}

function isWord(value: Value | undefined, word: 'true' | 'false'): boolean {
  return typeof value === 'string' && [word, word[0], word === 'true' ? '1' : '0'].includes(value);
}

/** What the operand means depends on what was found: `5` is a number beside a number, and text beside text. */
function compare(found: Value, operator: Operator, operand: string): boolean {
  if (typeof found === 'boolean') return compareBooleans(found, operator, operand);
  if (typeof found === 'number') {
    const number = operand.trim() === '' ? Number.NaN : Number(operand);
    return Number.isNaN(number) ? operator === '!=' : order(found, number, operator);
  }
  if (typeof found !== 'string') return false;
  if (operator === '%' || operator === '!%') return fits(found, wildcards(operand)) === (operator === '%');
  return order(found, operand, operator);
}

function compareBooleans(found: boolean, operator: Operator, operand: string): boolean {
  if (operator === '!=') return String(found) !== operand;
  return (operand === 'true' || operand === 'false') && order(Number(found), Number(operand === 'true'), operator);
}

function order<T extends number | string>(a: T, b: T, operator: Operator): boolean {
  if (operator === '=' || operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  if (operator === '>') return a > b;
  return operator === '>=' && a >= b;
}

function wildcards(text: string): readonly KeyPart[] {
  return [...text.matchAll(/\\?([\s\S])/gu)].map(([written, character = '']) =>
    written === '*' || written === '?' ? written : { text: character },
  );
}

/** Wildcards by going back to the last star only: quadratic at worst, where a regular expression could run away. */
function fits(text: string, parts: readonly KeyPart[]): boolean {
  const pieces = parts.flatMap((part): readonly KeyPart[] =>
    typeof part === 'string' ? [part] : [...part.text].map((text) => ({ text })),
  );
  const characters = [...text];
  let [at, piece, star, resume] = [0, 0, -1, 0];
  while (at < characters.length) {
    const wanted = pieces[piece];
    if (wanted === '*') [star, resume, piece] = [piece, at, piece + 1];
    else if (wanted === '?' || (typeof wanted === 'object' && wanted.text === characters[at]))
      [at, piece] = [at + 1, piece + 1];
    else if (star >= 0) [resume, at, piece] = [resume + 1, resume + 1, star + 1];
    else return false;
  }
  return pieces.slice(piece).every((rest) => rest === '*');
}
