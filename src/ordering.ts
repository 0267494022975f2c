import { judge, missing } from './expectation.js';
import type { Finding, MatchContext } from './matcher.js';
import type { Argument, Value } from './model.js';

/** Compares numbers, whatever they count; what is not a number has no order, and fails under `not` too. */
export function compareNumbers(
  actual: Value,
  argument: Argument,
  context: MatchContext,
  holds: (actual: number, limit: number) => boolean,
): Finding {
  const limit = toNumber(argument as Value);
  const number = context.type === 'json' && typeof actual !== 'number' ? undefined : toNumber(actual);
  if (number === undefined || limit === undefined)
    return missing(() => `${context.show(actual)}, which is not a number`);
  return judge(holds(number, limit), () => showApart(actual, argument as Value, context));
}

/** `at least 3 d`; of times "after" and "before" are what one says. */
export function phraseOrder(argument: Argument, context: MatchContext, words: string, ofTimes: string): string {
  return `${context.type === 'time' ? ofTimes : words} ${context.show(argument as Value)}`;
}

/** For a spec's mistakes: what stands after `ge` and the like on a string or in JSON must be a number. */
export function explainNoNumber(argument: Argument): string | undefined {
  return toNumber(argument as Value) === undefined ? 'a number is expected, as only numbers have an order' : undefined;
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
