import type { Range } from '../lint-rule.js';
import type { Expectation, Value, ValueTypeName } from '../model.js';

/** Beyond so many values a spec says something that nobody wrote by hand. */
const mostValues = 200;

const counted: ReadonlySet<ValueTypeName> = new Set(['number', 'duration', 'size', 'time', 'percentage']);
const never0: ReadonlySet<ValueTypeName> = new Set(['size', 'percentage']);
const bounds: ReadonlySet<string> = new Set(['equal', 'ge', 'gt', 'le', 'lt']);

/**
 * The numbers that an expectation can tell apart: each that it names, one between each two, one below and one above.
 * @returns undefined where it asks for more than bounds
 */
export function listNumbers(expectation: Expectation, { type, least }: Range): readonly number[] | undefined {
  if (!counted.has(type)) return undefined;
  const named = listNamed(expectation, bounds);
  if (!named?.every((value) => typeof value === 'number') || named.length > mostValues) return undefined;
  const floor = least ?? (never0.has(type) ? 0 : undefined);
  const sorted = [...new Set([...(floor === undefined ? [] : [floor]), ...named])].sort((a, b) => a - b);
  const [first = 0] = sorted;
  const last = sorted.at(-1) ?? 0;
  const between = sorted.slice(1).map((value, at) => (value + (sorted[at] ?? value)) / 2);
  return [first - 1, ...sorted, ...between, last + 1].filter((value) => floor === undefined || value >= floor);
}

/**
 * The words that an expectation names, and one that it does not.
 * @returns undefined where it asks for more than whole words
 */
export function listWords(expectation: Expectation, { type }: Range): readonly Value[] | undefined {
  if (type !== 'string' && type !== 'mode' && type !== 'text') return undefined;
  const named = listNamed(expectation, new Set(['equal']));
  if (!named?.every((value) => typeof value === 'string') || named.length > mostValues) return undefined;
  return [...named, `${named.join('')} or another`];
}

/** The arguments of all the matchers in it; undefined where one is not among those. */
function listNamed(
  { matcher, argument }: Expectation,
  among: ReadonlySet<string>,
): readonly Exclude<Value, undefined>[] | undefined {
  if (among.has(matcher)) return [argument as Value];
  if (matcher === 'not') return listNamed(argument as Expectation, among);
  if (matcher !== 'and' && matcher !== 'or') return undefined;
  const parts = (argument as readonly Expectation[]).map((part) => listNamed(part, among));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}
