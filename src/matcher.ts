import { listFolder } from './folder.js';
import type { Argument, Expectation, Value, ValueTypeName } from './model.js';

/**
 * What the argument of a matcher is. The schema, the reading of a spec and the docs follow it:
 * - `value`: a literal of the property's own type (`ge: 14d`)
 * - `string`, `number`: that literal, whatever the property
 * - `regexp`: an RE2 expression · `patterns`: a list of `text`, `!text`, `/regexp/`, `!/regexp/`
 * - `semver`: a range · `length`: a number, or a mapping of matchers on a number
 * - `expectation`, `expectations`: whatever the property itself takes, once or in a list
 * - `element`, `elements`: what one element (of a list) or line (of text) takes, once or in a list
 * - `key`: what a string takes, tried on each key · `paths`: GJSON path to what the value found there takes
 */
export type ArgumentShape =
  | 'value'
  | 'string'
  | 'number'
  | 'regexp'
  | 'patterns'
  | 'semver'
  | 'length'
  | 'expectation'
  | 'expectations'
  | 'element'
  | 'elements'
  | 'key'
  | 'paths';

/** What came of a comparison: data for the reports, not text alone. */
export interface Match {
  /**
   * `missing`: there was nothing to compare (no such path, no such key): fails, and fails under `not` too, since
   * nothing passes by being missing. `unknown` stays unknown through `not`, `and`, `or`.
   */
  readonly verdict: 'passed' | 'failed' | 'missing' | 'unknown';
  /** What was expected, as a phrase after "expected": `at least 14 d`, `not to contain "error"`. */
  readonly expected: string;
  /** What was found, as a phrase after "found": `3 d`. */
  readonly found: string;
}

/** What a matcher may use of its surroundings. */
export interface MatchContext {
  /** The type of the actual value. */
  readonly type: ValueTypeName;
  /** Applies a nested expectation to a value of the given type. */
  match(actual: Value, type: ValueTypeName, expectation: Expectation): Match;
  /** Shows a value of a type to people: units on numbers, text shortened, control characters escaped. */
  show(value: Value, type?: ValueTypeName): string;
}

/** A matcher: one object literal in `matchers/<name>.ts`. Pure. */
export interface Matcher {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  /** As one would write it after a property: `{ "ge": "14d" }`. */
  readonly example: Value;
  /** The value types it can judge. */
  readonly types: readonly ValueTypeName[];
  readonly argument: ArgumentShape;
  /**
   * Why an argument of the right shape cannot be used: a regular expression that does not compile, no semver range.
   * Asked while the spec is read, so that it becomes a problem at its place.
   */
  mistake?(argument: Argument): string | undefined;
  apply(actual: Value, argument: Argument, context: MatchContext): Match;
}

/** Every value type: for matchers that judge anything. */
export const anyType: readonly ValueTypeName[] = [
  'boolean',
  'number',
  'string',
  'text',
  'list',
  'map',
  'json',
  'duration',
  'size',
  'time',
  'percentage',
  'mode',
];

/** The types whose values have an order. JSON is among them for its numbers. */
export const orderedTypes: readonly ValueTypeName[] = ['number', 'duration', 'size', 'time', 'percentage', 'json'];

/** The types whose values are text. */
export const textTypes: readonly ValueTypeName[] = ['string', 'text', 'mode', 'json'];

/** All names, sorted: `matchers/have-prefix.ts` is `have-prefix`. */
export function matcherNames(): readonly string[] {
  return listFolder(import.meta.url, 'matchers');
}

export type Matchers = ReadonlyMap<string, Matcher>;

/** Imports all matchers, side by side; they are small, and nested ones are only known while a spec is read. */
export async function loadMatchers(names: readonly string[] = matcherNames()): Promise<Matchers> {
  const loaded = await Promise.all(
    names.map(async (name) => ((await import(`./matchers/${name}.js`)) as { default: Matcher }).default),
  );
  return new Map(loaded.map((matcher) => [matcher.name, matcher]));
}

/** The type of one element of a list, one line of a text, one value inside JSON. */
export function elementType(type: ValueTypeName): ValueTypeName {
  return type === 'json' || type === 'map' ? 'json' : 'string';
}

/**
 * Applies an expectation to a value of a type.
 * @param matchers the loaded matchers; a name that is not among them is our defect (the spec was checked)
 */
export function applyExpectation(
  matchers: Matchers,
  show: MatchContext['show'],
  actual: Value,
  type: ValueTypeName,
  expectation: Expectation,
): Match {
  const matcher = matchers.get(expectation.matcher);
  if (!matcher) throw new TypeError(`no matcher ${expectation.matcher}`);
  return matcher.apply(actual, expectation.argument, {
    type,
    match: (value, valueType, nested) => applyExpectation(matchers, show, value, valueType, nested),
    show: (value, valueType = type) => show(value, valueType),
  });
}
