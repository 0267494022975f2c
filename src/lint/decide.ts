import type { Certainty, Range } from '../lint-rule.js';
import { applyExpectation, elementForm, type Matchers } from '../matcher.js';
import type { Argument, Expectation, Value, ValueForm } from '../model.js';
import { matchesEverything } from './regexp-range.js';
import { listNumbers, listWords } from './worth-trying.js';

/**
 * Whether an expectation can fail, or hold, at all. Where a type has few values, or where only a few of them can matter
 * (those that bounds name, and one between each two), each is tried with the matchers themselves; elsewhere a few laws
 * are followed.
 * @returns undefined where it depends on the value, or cannot be told: nothing is claimed that is not certain
 */
export function decide(expectation: Expectation, range: Range, matchers: Matchers): Certainty | undefined {
  if (isPlain(expectation, range)) return undefined;
  const values = valuesToTry(expectation, range);
  return values ? tryEach(values, expectation, range, matchers) : followLaws(expectation, range, matchers);
}

/** Whether a value is as expected; undefined where that cannot be told. */
export function holdsFor(
  value: Value,
  expectation: Expectation,
  form: ValueForm,
  matchers: Matchers,
): boolean | undefined {
  const { verdict } = applyExpectation(matchers, () => '', value, form, expectation);
  return verdict === 'unknown' ? undefined : verdict === 'passed';
}

export function allOf(expectations: readonly Expectation[]): Expectation {
  const [first] = expectations;
  return first && expectations.length === 1 ? first : { matcher: 'and', argument: expectations };
}

function valuesToTry(expectation: Expectation, range: Range): readonly Value[] | undefined {
  if (range.type === 'boolean') return [true, false];
  return range.words ?? listNumbers(expectation, range) ?? listWords(expectation, range);
}

/** One value that may be there, or not: what most of a spec is. */
function isPlain({ matcher, argument }: Expectation, { type }: Range): boolean {
  return (
    matcher === 'equal' && (type === 'boolean' || (typeof argument === 'number' ? argument >= 0 : type === 'string'))
  );
}

function tryEach(
  values: readonly Value[],
  expectation: Expectation,
  range: Range,
  matchers: Matchers,
): Certainty | undefined {
  const held = values.map((value) => holdsFor(value, expectation, range, matchers));
  if (held.every((one) => one === true)) return 'always';
  return held.every((one) => one === false) ? 'never' : undefined;
}

function followLaws(expectation: Expectation, range: Range, matchers: Matchers): Certainty | undefined {
  const { matcher, argument } = expectation;
  switch (matcher) {
    case 'not':
      return opposite(decide(argument as Expectation, range, matchers));
    case 'and':
      return decideAll(argument as readonly Expectation[], range, matchers);
    case 'or':
      // It holds for all values if its opposite holds for none.
      return opposite(decideAll((argument as readonly Expectation[]).map(negate), range, matchers));
    case 'match-regexp':
      return isText(range) && matchesEverything(String(argument)) ? 'always' : undefined;
    case 'have-len':
      return decide(toExpectation(argument), { type: 'number', least: 0 }, matchers);
    case 'have-patterns':
      return range.type === 'text' && excludeEachOther(argument) ? 'never' : undefined;
    case 'contain-element':
    case 'contain-elements':
    case 'consist-of':
      return decideElements(argument, elementForm(range), matchers);
    default:
      return undefined;
  }
}

function decideAll(parts: readonly Expectation[], range: Range, matchers: Matchers): Certainty | undefined {
  const decided = parts.map((part) => decide(part, range, matchers));
  if (decided.includes('never') || areOpposite(parts) || areApart(parts)) return 'never';
  if (decided.every((one) => one === 'always')) return 'always';
  // Of `and: [equal: a, match-regexp: …]` only one value is left, which can be tried.
  for (const part of parts) {
    const only = onlyValueOf(part, range);
    if (only !== undefined && parts.some((other) => holdsFor(only, other, range, matchers) === false)) return 'never';
  }
  const tried = parts.filter((part) => valuesToTry(part, range) !== undefined);
  return tried.length > 1 && tried.length < parts.length && decide(allOf(tried), range, matchers) === 'never'
    ? 'never'
    : undefined;
}

/** A list without what cannot be is possible; one with it is not. */
function decideElements(argument: Argument, form: ValueForm, matchers: Matchers): Certainty | undefined {
  const parts = Array.isArray(argument) ? argument : [argument];
  return parts.some((part) => decide(toExpectation(part), form, matchers) === 'never') ? 'never' : undefined;
}

/** The one value that an expectation leaves. */
function onlyValueOf({ matcher, argument }: Expectation, { type }: Range): Value | undefined {
  if (matcher === 'equal') return type === 'text' ? undefined : (argument as Value);
  if (matcher !== 'consist-of' || !Array.isArray(argument)) return undefined;
  const elements = (argument as readonly Argument[]).map((part) => {
    const inner = toExpectation(part);
    return inner.matcher === 'equal' ? (inner.argument as Value) : undefined;
  });
  // In any order: what asks for one is not tried.
  return elements.every((element) => element !== undefined) && elements.length < 2 ? elements : undefined;
}

function areOpposite(parts: readonly Expectation[]): boolean {
  const written = new Set(parts.map((part) => JSON.stringify(part)));
  return parts.some((part) => written.has(JSON.stringify(negate(part))));
}

/** Two beginnings, or two ends, of which neither goes on where the other stops. */
function areApart(parts: readonly Expectation[]): boolean {
  const texts = (name: string) => parts.filter(({ matcher }) => matcher === name).map((part) => String(part.argument));
  const differ = (words: readonly string[], goesOn: (long: string, short: string) => boolean) =>
    words.some((one) => words.some((other) => one.length >= other.length && !goesOn(one, other)));
  return (
    differ(texts('have-prefix'), (long, short) => long.startsWith(short)) ||
    // A newline at the end may be there or not.
    differ(
      texts('have-suffix').map((word) => word.trimEnd()),
      (long, short) => long.endsWith(short),
    )
  );
}

/** A line is wanted that holds what no line may hold. */
function excludeEachOther(argument: Argument): boolean {
  const patterns = (Array.isArray(argument) ? argument : [argument]).map(String);
  const unwanted = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const isPlain = (pattern: string) => !/^[/\\]/.test(pattern);
  return wanted.some((one) => unwanted.some((no) => no === one || (isPlain(one) && isPlain(no) && one.includes(no))));
}

function negate(expectation: Expectation): Expectation {
  return expectation.matcher === 'not'
    ? toExpectation(expectation.argument)
    : { matcher: 'not', argument: expectation };
}

function opposite(certainty: Certainty | undefined): Certainty | undefined {
  return certainty && (certainty === 'always' ? 'never' : 'always');
}

function isText({ type }: Range): boolean {
  return type === 'string' || type === 'text' || type === 'version' || type === 'mode';
}

/** A bare value among expectations is meant as `equal`. */
function toExpectation(argument: Argument): Expectation {
  const isOne = argument !== null && typeof argument === 'object' && 'matcher' in argument;
  return isOne ? (argument as Expectation) : { matcher: 'equal', argument };
}
