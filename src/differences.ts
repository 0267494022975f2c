import { elementForm, type MatchContext } from './matcher.js';
import type { Value, ValueForm } from './model.js';
import { orderVersions } from './ordering.js';
import { escapeUnseen, showWord } from './show-text.js';
import { asText, listSome } from './text.js';

/** A place where a value is not what it should be. Undefined on one side: there is nothing. */
export interface Difference {
  readonly path: readonly string[];
  readonly expected?: Value;
  readonly actual?: Value;
}

/** Beyond so many nobody counts. */
const mostCounted = 100;
const mostTold = 3;

/**
 * The places where two values differ, some at most. Goes no deeper than what is expected does, however deep the other is.
 *
 * @param scalars the form of what has nothing further in it
 */
export function findDifferences(expected: Value, actual: Value, scalars: ValueForm): readonly Difference[] {
  const found: Difference[] = [];
  collect({ path: [], expected, actual }, scalars, found);
  return found;
}

function collect({ path, expected, actual }: Required<Difference>, scalars: ValueForm, found: Difference[]): void {
  if (found.length >= mostCounted) return;
  if (!isContainer(expected) || !isContainer(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    if (!isSame(expected, actual, scalars)) found.push({ path, expected, actual });
    return;
  }
  if (isPlainList(expected) && isPlainList(actual)) {
    const same =
      expected.length === actual.length && expected.every((one, at) => isSame(one, actual[at] ?? null, scalars));
    if (!same) found.push({ path, expected, actual });
    return;
  }
  const wanted = new Map(Object.entries(expected) as [string, Value][]);
  const there = new Map(Object.entries(actual) as [string, Value][]);
  for (const [key, value] of wanted) {
    const other = there.get(key);
    if (other === undefined) found.push({ path: [...path, key], expected: value });
    else collect({ path: [...path, key], expected: value, actual: other }, scalars, found);
  }
  for (const [key, value] of there) if (!wanted.has(key)) found.push({ path: [...path, key], actual: value });
}

function isContainer(value: Value): value is readonly Value[] | { readonly [key: string]: Value } {
  return value !== null && typeof value === 'object';
}

function isPlainList(value: Value): value is readonly Value[] {
  return Array.isArray(value) && !value.some(isContainer);
}

/**
 * Where the type is text the number 443 and the text "443" are the same, elsewhere they are not. Versions are the same
 * where neither is the later one: `0:1.0` and `1.0`.
 */
function isSame(expected: Value, actual: Value, { type, versionRules }: ValueForm): boolean {
  if (expected === actual) return true;
  const texts = type === 'string' || type === 'mode' || type === 'version';
  const [one, other] = texts ? [asText(expected, type), asText(actual, type)] : [];
  if (one === undefined || other === undefined) return false;
  return one === other || (type === 'version' && orderVersions(one, other, versionRules) === 0);
}

/** `"3" at b instead of "2"; nothing at c instead of "4" and 5 more differences` */
export function describeDifferences(differences: readonly Difference[], context: MatchContext): string {
  const told = differences.slice(0, mostTold).map((one) => describeDifference(one, context));
  const rest = differences.length - told.length;
  const more =
    differences.length >= mostCounted
      ? ' and many more differences'
      : ` and ${rest} more ${rest === 1 ? 'difference' : 'differences'}`;
  return told.join('; ') + (rest > 0 ? more : '');
}

function describeDifference({ path, expected, actual }: Difference, context: MatchContext): string {
  const { type, values = 'json' } = context;
  const show = (value: Value) => context.show(value, type === 'map' && !isContainer(value) ? values : 'json');
  const place = [...(context.place === undefined ? [] : [context.place]), ...path.map(escapeKey)].join('.');
  if (actual === undefined) return `nothing at ${place} instead of ${show(expected ?? null)}`;
  if (expected === undefined) return `${show(actual)} at ${place}, where nothing is expected`;
  const at = place === '' ? '' : ` at ${place}`;
  if (isPlainList(expected) && isPlainList(actual)) {
    const words = compareElements(expected, actual, place === '' ? context : { type: 'json' }, context);
    return `${place === '' ? context.show(actual) : show(actual)}${at} (${words})`;
  }
  return `${show(actual)}${at} instead of ${show(expected)}`;
}

/** As in a path of `gjson`, so that it can be told from a key inside a key. */
function escapeKey(key: string): string {
  return showKey(escapeUnseen(key.replace(/[.\\]/g, '\\$&')));
}

function showKey(key: string): string {
  return key.length > 80 ? `${key.slice(0, 80)}…` : key;
}

/** Missing and extra elements of lists of plain values. */
function compareElements(
  expected: readonly Value[],
  actual: readonly Value[],
  form: ValueForm,
  { show }: MatchContext,
): string {
  const element = elementForm(form).type;
  const json = element === 'json';
  const word = (value: Value) =>
    typeof value === 'string' && element === 'string' ? showWord(value) : show(value, element);
  const missing = subtract(expected, actual, json);
  const extra = subtract(actual, expected, json);
  if (missing.length === 0 && extra.length === 0) return 'in another order';
  return [
    missing.length > 0 && `missing ${listSome(missing.map(word))}`,
    extra.length > 0 && `extra ${listSome(extra.map(word))}`,
  ]
    .filter(Boolean)
    .join('; ');
}

/** What is in the first list more often than in the second. */
function subtract(from: readonly Value[], values: readonly Value[], json: boolean): readonly Value[] {
  const keyOf = (value: Value) => (json ? JSON.stringify(value) : String(value));
  const counts = new Map<string, number>();
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  return from.filter((value) => {
    const left = counts.get(keyOf(value)) ?? 0;
    counts.set(keyOf(value), left - 1);
    return left <= 0;
  });
}
