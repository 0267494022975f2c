import { judge, missing } from './expectation.js';
import type { Finding, MatchContext } from './matcher.js';
import type { Argument, Value, ValueForm, ValueTypeName } from './model.js';
import { compareVersions, guessVersionRules } from './version-order.js';

/**
 * Puts a value in order with a limit: numbers, whatever they count, and versions. What is neither has no order, and fails
 * under `not` too.
 *
 * @param holds is given a number less than, equal to or greater than 0, as the value is before, at or after the limit
 */
export function compareWithLimit(
  actual: Value,
  argument: Argument,
  context: MatchContext,
  holds: (order: number) => boolean,
): Finding {
  const order = orderOf(actual, argument as Value, context);
  const kind = context.type === 'version' ? 'version' : 'number';
  if (order === undefined) return missing(() => `${context.show(actual)}, which is not a ${kind}`);
  return judge(holds(order), () => showApart(actual, argument as Value, context));
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
  return number === other ? 0 : number < other ? -1 : 1;
}

/** By the rules of what keeps the versions, or by those that the versions themselves tell of. */
export function orderVersions(one: string, other: string, rules = guessVersionRules(one, other)): number {
  return compareVersions(one, other, rules);
}

/** `at least 3 d`; of times "after" and "before" are what one says. */
export function phraseOrder(argument: Argument, context: MatchContext, words: string, ofTimes: string): string {
  return `${context.type === 'time' ? ofTimes : words} ${context.show(argument as Value)}`;
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

/** A number, or text that is one, perhaps with white space around it as commands print it. */
function toNumber(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  const text = typeof value === 'string' ? value.trim() : '';
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** Shows a value; where rounding for people makes it look like the one it is compared with, the full number too. */
export function showApart(actual: Value, expected: Value, context: MatchContext): string {
  const shown = context.show(actual);
  if (typeof actual !== 'number' || actual === expected || shown !== context.show(expected)) return shown;
  const unit = context.type === 'duration' ? ' s' : context.type === 'size' ? ' bytes' : '';
  return `${shown} (${actual}${unit})`;
}
