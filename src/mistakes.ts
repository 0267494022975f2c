import type { Argument } from './model.js';

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
