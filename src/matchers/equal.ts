import { diffTexts, firstLineApart } from '../compare-text.js';
import { judge } from '../expectation.js';
import { anyType, elementForm, type Finding, type MatchContext, type Matcher } from '../matcher.js';
import type { Value, ValueForm } from '../model.js';
import { orderVersions, showApart } from '../ordering.js';
import { asText, countOf, listSome, readingsOf } from '../text.js';

const equal: Matcher = {
  name: 'equal',
  summary: 'The very value (lists in the same order); a text may end in one newline more. A bare value means the same',
  example: { equal: 'active' },
  types: anyType,
  argument: 'value',
  phrase: (argument, { show }) => show(argument as Value),
  apply: (actual, argument, context) => {
    const expected = argument as Value;
    const { type } = context;
    if (type === 'text') return equalText(actual, expected, context);
    const difference = findDifference(expected, actual, scalarForm(context), []);
    return judge(difference === undefined, () => describeDifference(expected, actual, difference, context));
  },
};

export default equal;

/** The form of what stands in the value where nothing further is in it. */
function scalarForm(context: MatchContext): ValueForm {
  const { type, values = 'string' } = context;
  return type === 'list' ? elementForm(context) : type === 'map' ? { type: values } : context;
}

/** Of two texts of several lines nobody finds the difference in one phrase: then a diff says it. */
function equalText(actual: Value, argument: Value, context: MatchContext): Finding {
  const [found, expected] = [asText(actual, 'text'), asText(argument, 'text')];
  if (found === undefined || expected === undefined) return judge(false, () => context.show(actual));
  const passed = readingsOf(found).includes(expected);
  if (passed || !isLong(found, expected)) return judge(passed, () => context.show(found));
  const lines = (text: string) => countOf(text.split('\n').length - (text.endsWith('\n') ? 1 : 0), 'line');
  return {
    verdict: 'failed',
    expected: () => `the ${lines(expected)} of the spec`,
    found: () => `${lines(found)}, other from line ${firstLineApart(expected, found)} (- expected, + found)`,
    // The final newline that is not compared must not look like a difference.
    details: () =>
      expected.endsWith('\n')
        ? diffTexts(expected, found)
        : diffTexts(`${expected}\n`, `${readingsOf(found).at(-1) ?? ''}\n`),
  };
}

function isLong(...texts: readonly string[]): boolean {
  return texts.some((text) => text.trimEnd().includes('\n'));
}

interface Difference {
  readonly path: readonly string[];
  readonly expected?: Value;
  readonly actual?: Value;
}

/** The first place where two values differ. Goes no deeper than what is expected does, however deep the other one is. */
function findDifference(
  expected: Value,
  actual: Value,
  scalars: ValueForm,
  path: readonly string[],
): Difference | undefined {
  if (!isContainer(expected) || !isContainer(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return sameScalar(expected, actual, scalars) ? undefined : { path, expected, actual };
  }
  const wanted = new Map(Object.entries(expected) as [string, Value][]);
  const there = new Map(Object.entries(actual) as [string, Value][]);
  for (const [key, value] of wanted) {
    const found = there.get(key);
    if (found === undefined) return { path: [...path, key], expected: value };
    const difference = findDifference(value, found, scalars, [...path, key]);
    if (difference) return difference;
  }
  const more = [...there].find(([key]) => !wanted.has(key));
  return more && { path: [...path, more[0]], actual: more[1] };
}

function isContainer(value: Value): value is readonly Value[] | { readonly [key: string]: Value } {
  return value !== null && typeof value === 'object';
}

/**
 * Where the type is text the number 443 and the text "443" are the same, elsewhere they are not. Versions are the same
 * where neither is the later one: `0:1.0` and `1.0`.
 */
function sameScalar(expected: Value, actual: Value, { type, versionRules }: ValueForm): boolean {
  if (expected === actual) return true;
  const texts = type === 'string' || type === 'mode' || type === 'version';
  const [one, other] = texts ? [asText(expected, type), asText(actual, type)] : [];
  if (one === undefined || other === undefined) return false;
  return one === other || (type === 'version' && orderVersions(one, other, versionRules) === 0);
}

function describeDifference(
  expected: Value,
  actual: Value,
  difference: Difference | undefined,
  context: MatchContext,
): string {
  if (!difference || difference.path.length === 0) return showApart(actual, expected, context);
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return `${context.show(actual)} (${compareElements(expected, actual) || describePlace(difference, context)})`;
  }
  return describePlace(difference, context);
}

/** Missing and extra elements of lists of plain values; empty where those say nothing. */
function compareElements(expected: readonly Value[], actual: readonly Value[]): string {
  if ([...expected, ...actual].some(isContainer)) return '';
  const missing = subtract(expected.map(String), actual.map(String));
  const extra = subtract(actual.map(String), expected.map(String));
  if (missing.length === 0 && extra.length === 0) return expected.length === actual.length ? 'in another order' : '';
  return [missing.length > 0 && `missing ${listSome(missing)}`, extra.length > 0 && `extra ${listSome(extra)}`]
    .filter(Boolean)
    .join('; ');
}

function subtract(from: readonly string[], words: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return from.filter((word) => {
    const left = counts.get(word) ?? 0;
    counts.set(word, left - 1);
    return left <= 0;
  });
}

function describePlace({ path, expected, actual }: Difference, { show }: MatchContext): string {
  const place = path.join('.');
  if (actual === undefined) return `nothing at ${place} instead of ${show(expected ?? null, 'json')}`;
  if (expected === undefined) return `${show(actual, 'json')} at ${place}, where nothing is expected`;
  return `${show(actual, 'json')} at ${place} instead of ${show(expected, 'json')}`;
}
