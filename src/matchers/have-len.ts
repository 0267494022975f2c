import { missing, phraseInside, toExpectation } from '../expectation.js';
import type { Matcher } from '../matcher.js';
import type { Argument, Value } from '../model.js';
import { countOf } from '../text.js';

const haveLen: Matcher = {
  name: 'have-len',
  summary: 'Number of elements of a list, keys of a mapping, characters (code points, newlines too) of a text',
  example: { 'have-len': { ge: 2 } },
  types: ['list', 'text', 'string', 'map', 'json'],
  argument: 'length',
  mistake: (argument) => explainLength(argument),
  phrase: (argument, context) => `a length of ${phraseInside(toExpectation(argument), { type: 'number' }, context)}`,
  apply: (actual, argument, context) => {
    const counted = count(actual);
    if (!counted) return missing(() => `${context.show(actual)}, which has no length`);
    const { length, noun } = counted;
    const match = context.match(length, { type: 'number' }, toExpectation(argument));
    const { verdict } = match;
    const newline = typeof actual === 'string' && actual.endsWith('\n') ? ', the newline at the end among them' : '';
    const shown = length === 0 ? '' : `: ${context.show(actual)}`;
    return {
      verdict,
      found: () => `${countOf(length, noun)}${newline}${shown}`,
      ...(verdict === 'failed' && { expected: () => `a length of ${match.expected}` }),
    };
  },
};

export default haveLen;

function explainLength(argument: Argument): string | undefined {
  const { argument: value } = toExpectation(argument);
  if (typeof value !== 'number') return undefined;
  return Number.isInteger(value) && value >= 0 ? undefined : 'a length is a whole number, 0 or more';
}

function count(actual: Value): { readonly length: number; readonly noun: string } | undefined {
  if (Array.isArray(actual)) return { length: actual.length, noun: 'element' };
  if (typeof actual === 'string') return { length: countCodePoints(actual), noun: 'character' };
  if (actual === null || typeof actual !== 'object') return undefined;
  return { length: Object.keys(actual).length, noun: 'key' };
}

function countCodePoints(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}
