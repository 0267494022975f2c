import { missing } from './expectation.js';
import type { Finding, MatchContext } from './matcher.js';
import type { Argument, Value, ValueForm, ValueTypeName } from './model.js';
import { valueTypes } from './value.js';
import { compareVersions, guessVersionRules } from './version-order.js';

/** One of the four relations that an order has. */
export interface Relation {
  /** `at least` */
  readonly words: string;
  /** Of times: `at or after`. */
  readonly ofTimes: string;
  /** @param order less than, equal to or greater than 0, as the value is before, at or after the limit */
  holds(order: number): boolean;
}

/**
 * Puts a value in order with a limit: numbers, whatever they count, and versions. What is neither has no order, and fails
 * under `not` too.
 */
export function compareWithLimit(
  actual: Value,
  argument: Argument,
  relation: Relation,
  context: MatchContext,
): Finding {
  const limit = argument as Value;
  const order = orderOf(actual, limit, context);
  if (order === undefined) return missing(() => `${context.show(actual)}, which is not a ${sayKind(actual, context)}`);
  const shown = () => showApart(actual, limit, context);
  return {
    verdict: relation.holds(order) ? 'passed' : 'failed',
    found: () => shown()[0],
    expected: () => sayRelation(relation, isText(context) ? showLimit(limit, context) : shown()[1], context),
  };
}

/** `at least 3 d`; of times "after" and "before" are what one says. */
export function phraseRelation(relation: Relation, argument: Argument, context: MatchContext): string {
  return sayRelation(relation, showLimit(argument as Value, context), context);
}

/** Of text it is the number that it holds. */
function showLimit(limit: Value, context: MatchContext): string {
  return isText(context) ? String(limit).trim() : context.show(limit);
}

function isText({ type }: ValueForm): boolean {
  return type === 'string' || type === 'text';
}

function sayRelation({ words, ofTimes }: Relation, limit: string, { type }: ValueForm): string {
  return `${type === 'time' ? ofTimes : words} ${limit}`;
}

/** Of text that is a version one would expect the order of versions. */
function sayKind(actual: Value, { type }: ValueForm): string {
  if (type === 'version') return 'version';
  const isVersion = typeof actual === 'string' && /^\s*v?\d+(\.\d+)+[^\s]*\s*$/.test(actual);
  return isVersion ? 'number (`semver-constraint` is for versions in text)' : 'number';
}

/** Undefined where there is no order between the two. */
function orderOf(actual: Value, limit: Value, { type, versionRules }: ValueForm): number | undefined {
  if (type === 'version') {
    const [one, other] = [String(actual), String(limit)];
    return isVersion(one) && isVersion(other) ? orderVersions(one, other, versionRules) : undefined;
  }
  const number = type === 'json' && typeof actual !== 'number' ? undefined : toNumber(actual);
  const other = toNumber(limit);
  if (number === undefined || other === undefined) return undefined;
  // Not ===, which no number and bigint are.
  return number < other ? -1 : number > other ? 1 : 0;
}

/** By the rules of what keeps the versions, or by those that the versions themselves tell of. */
export function orderVersions(one: string, other: string, rules = guessVersionRules(one, other)): number {
  return compareVersions(withoutV(one), withoutV(other), rules);
}

/** No version of a package begins so; tags and programs like to (`v1.24`). */
function withoutV(version: string): string {
  return version.replace(/^v(?=[0-9])/, '');
}

/** For a spec's mistakes: what stands after `ge` and the like on a string or in JSON must be a number. */
export function explainNoOrder(argument: Argument, type: ValueTypeName): string | undefined {
  if (type === 'version') return isVersion(String(argument)) ? undefined : 'a version is expected, such as 1.24.3';
  return toNumber(argument as Value) === undefined ? 'a number is expected, as only numbers have an order' : undefined;
}

/** Without a digit it is a word, and with a space a sentence. */
function isVersion(text: string): boolean {
  return /^\S*[0-9]\S*$/.test(text) && text.length <= 1000;
}

/**
 * A number, or text that is one, perhaps with white space around it as commands print it. Whole numbers of any length
 * exactly: counters of the kernel have 64 bits, of which a number of JavaScript holds 53.
 */
function toNumber(value: Value): number | bigint | undefined {
  if (typeof value === 'number') return value;
  const text = typeof value === 'string' ? value.trim() : '';
  if (/^[+-]?\d{15,1000}$/.test(text)) return BigInt(text.replace('+', ''));
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** What was found and what was expected; where rounding for people makes them look the same, with all their digits. */
export function showApart(actual: Value, expected: Value, { show, type }: MatchContext): readonly [string, string] {
  const shown = [show(actual), show(expected)] as const;
  if (actual === expected || shown[0] !== shown[1]) return shown;
  return [showExactly(actual, shown[0], type), showExactly(expected, shown[1], type)];
}

/** `512 MiB (536870913 bytes)`; a round number needs no second one. */
function showExactly(value: Value, shown: string, type: ValueTypeName): string {
  const unit = type === 'duration' || type === 'time' ? ' s' : type === 'size' ? ' bytes' : '';
  if (typeof value !== 'number' || isRound(value, shown, type)) return shown;
  return `${shown} (${value}${unit})`;
}

function isRound(value: number, shown: string, type: ValueTypeName): boolean {
  try {
    return valueTypes[type].read({ value: shown }) === value;
  } catch {
    return false;
  }
}
