import type { Argument, Value, ValueTypeName } from './model.js';

/** Mistakes that several matchers would make of their arguments: what holds whatever is found asserts nothing. */

export function explainNoParts(argument: Argument): string | undefined {
  return Array.isArray(argument) && argument.length === 0 ? 'an empty list asserts nothing' : undefined;
}

export function explainNoText(argument: Argument): string | undefined {
  return argument === '' ? 'every text has an empty one in it; "" alone means that it is empty' : undefined;
}

/** The message of what a reader of arguments throws. */
export function explainFailure(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whole numbers that a number of JavaScript, and of most JSON readers, does not hold: 9007199254740993 would be …992. */
export function explainInexact(argument: Argument, type: ValueTypeName): string | undefined {
  if (type !== 'json' && type !== 'number') return undefined;
  return explainNumbers(argument as Value);
}

function explainNumbers(value: Value): string | undefined {
  if (typeof value === 'object' && value !== null) {
    return Object.values(value)
      .map(explainNumbers)
      .find((mistake) => mistake !== undefined);
  }
  if (typeof value !== 'number') return undefined;
  if (!Number.isFinite(value)) return `${value} is no number that JSON could have`;
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return 'whole numbers beyond 9007199254740991 cannot be told from their neighbours: use `ge` and `le`, or match it as text';
}
