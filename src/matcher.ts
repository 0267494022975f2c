import { listFolder } from './folder.js';
import type { Argument, Expectation, Value, ValueForm, ValueTypeName } from './model.js';

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

/**
 * `missing`: there was nothing to compare (no such path, not a number): fails, and fails under `not` too, since nothing
 * passes by being missing. `unknown` stays unknown through `not`, `and`, `or`.
 */
export type MatchVerdict = 'passed' | 'failed' | 'missing' | 'unknown';

/** What came of a comparison: data for the reports, not text alone. Phrases are only made when they are read. */
export interface Match {
  readonly verdict: MatchVerdict;
  /** What was expected, as a phrase after "expected": `at least 14 d`, `not to contain "error"`. */
  readonly expected: string;
  /** What was found, as a phrase after "found": `3 d`. */
  readonly found: string;
  /** Lines to show beneath: a diff of two texts. */
  readonly details?: string;
  /** `found` says where in the JSON it is. */
  readonly located?: boolean;
}

/** What a matcher answers. Functions, as most assertions pass and nobody reads why. */
export interface Finding {
  readonly verdict: MatchVerdict;
  found(): string;
  /** Where it should say less, or other words, than `phrase`: the parts that did not hold. */
  expected?(): string;
  details?(): string | undefined;
  /** `found` and `expected` say where in the JSON they are. */
  readonly located?: true;
}

/** What a matcher may use of its surroundings: the form of the actual value, and how nested expectations are judged. */
export interface MatchContext extends ValueForm {
  /** Applies a nested expectation to a value of the given form; for the same value the context itself is its form. */
  match(actual: Value, form: ValueForm, expectation: Expectation): Match;
  /** What a nested expectation expects, in words. */
  phrase(expectation: Expectation, form: ValueForm): string;
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
   *
   * @param type of the value it will judge
   */
  mistake?(argument: Argument, type: ValueTypeName): string | undefined;
  /** What is expected, as a phrase after "expected". */
  phrase(argument: Argument, context: MatchContext): string;
  apply(actual: Value, argument: Argument, context: MatchContext): Finding;
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
  'version',
];

/** The types whose values have an order. Text and JSON are among them for the numbers they hold. */
export const orderedTypes: readonly ValueTypeName[] = [
  'number',
  'duration',
  'size',
  'time',
  'percentage',
  'version',
  'json',
  'string',
  'text',
];

/** The types whose values are text. */
export const textTypes: readonly ValueTypeName[] = ['string', 'text', 'mode', 'version', 'json'];

/** The types whose values have elements: of text, its lines. */
export const elementTypes: readonly ValueTypeName[] = ['list', 'text', 'json'];

/** All names, sorted: `matchers/have-prefix.ts` is `have-prefix`. */
export function matcherNames(): readonly string[] {
  return listFolder(import.meta.url, 'matchers');
}

export type Matchers = ReadonlyMap<string, Matcher>;

/** Imports matchers, side by side. */
export async function loadMatchers(names: readonly string[] = matcherNames()): Promise<Matchers> {
  const loaded = await Promise.all(
    names.map(async (name) => ((await import(`./matchers/${name}.js`)) as { default: Matcher }).default),
  );
  return new Map(loaded.map((matcher) => [matcher.name, matcher]));
}

/** The form of one element of a list, one line of a text, one value inside JSON. */
export function elementForm({ type, values, versionRules }: ValueForm): ValueForm {
  if (type === 'json' || type === 'map') return { type: 'json' };
  return { type: (type === 'list' && values) || 'string', ...(versionRules && { versionRules }) };
}

/**
 * Applies an expectation to a value of a form.
 * @param matchers the loaded matchers; a name that is not among them is our defect (the spec was checked)
 */
export function applyExpectation(
  matchers: Matchers,
  show: Show,
  actual: Value,
  form: ValueForm,
  expectation: Expectation,
): Match {
  const matcher = matcherNamed(matchers, expectation.matcher);
  const context = makeContext(matchers, show, form);
  const finding = matcher.apply(actual, expectation.argument, context);
  return {
    verdict: finding.verdict,
    located: finding.located === true,
    get expected() {
      return finding.expected?.() ?? matcher.phrase(expectation.argument, context);
    },
    get found() {
      return finding.found();
    },
    get details() {
      return finding.details?.();
    },
  };
}

/** What an expectation expects, in words, where there is no value to apply it to. */
export function describeExpectation(
  matchers: Matchers,
  show: Show,
  form: ValueForm,
  { matcher, argument }: Expectation,
): string {
  return matcherNamed(matchers, matcher).phrase(argument, makeContext(matchers, show, form));
}

type Show = (value: Value, type: ValueTypeName, values?: ValueTypeName) => string;

function makeContext(matchers: Matchers, show: Show, form: ValueForm): MatchContext {
  return {
    // Not all of what is given: it may be a context itself, with functions of another.
    type: form.type,
    ...(form.values && { values: form.values }),
    ...(form.versionRules && { versionRules: form.versionRules }),
    ...(form.place !== undefined && { place: form.place }),
    match: (value, inner, nested) => applyExpectation(matchers, show, value, inner, nested),
    phrase: (nested, inner) => describeExpectation(matchers, show, inner, nested),
    show: (value, type) => (type === undefined ? show(value, form.type, form.values) : show(value, type)),
  };
}

function matcherNamed(matchers: Matchers, name: string): Matcher {
  const matcher = matchers.get(name);
  if (!matcher) throw new TypeError(`no matcher ${name}`);
  return matcher;
}
