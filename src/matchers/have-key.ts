import { missing, phraseInside, toExpectation } from '../expectation.js';
import type { Matcher } from '../matcher.js';
import { showWord } from '../show-text.js';
import { listSome } from '../text.js';

const haveKey: Matcher = {
  name: 'have-key',
  summary: 'The mapping has such a key, whatever its value',
  example: { 'have-key': 'strict-transport-security' },
  types: ['map', 'json'],
  argument: 'key',
  phrase: (argument, context) => `a key ${phraseInside(toExpectation(argument), { type: 'string' }, context)}`,
  apply: (actual, argument, context) => {
    if (actual === null || typeof actual !== 'object' || Array.isArray(actual)) {
      return missing(() => `${context.show(actual)}, which has no keys`);
    }
    const keys = Object.keys(actual);
    const matches = keys.map((key) => context.match(key, { type: 'string' }, toExpectation(argument)).verdict);
    const verdict = (['passed', 'unknown'] as const).find((one) => matches.includes(one)) ?? 'failed';
    const found = keys.filter((_, at) => matches[at] === 'passed');
    const shown = verdict === 'passed' ? found : keys;
    return {
      verdict,
      found: () =>
        shown.length === 0 ? 'no keys' : `the ${shown.length === 1 ? 'key' : 'keys'} ${listSome(shown.map(showWord))}`,
    };
  },
};

export default haveKey;
