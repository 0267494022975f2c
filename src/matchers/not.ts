import { phraseInside, toExpectation } from '../expectation.js';
import { anyType, type Match, type Matcher } from '../matcher.js';

const not: Matcher = {
  name: 'not',
  summary: 'Holds where the other does not; what is not there, or could not be told, holds neither way',
  example: { not: { 'contain-substring': 'error' } },
  types: anyType,
  argument: 'expectation',
  phrase: (argument, context) => negate(phraseInside(toExpectation(argument), context, context)),
  apply: (actual, argument, context) => {
    const inner = context.match(actual, context, toExpectation(argument));
    return { verdict: opposites[inner.verdict], found: () => inner.found };
  },
};

export default not;

const opposites = {
  passed: 'failed',
  failed: 'passed',
  missing: 'missing',
  unknown: 'unknown',
} as const satisfies Record<Match['verdict'], Match['verdict']>;

/** "a line with …" becomes "no line with …", and the other way round. */
function negate(phrase: string): string {
  if (/^no (line|element) /.test(phrase))
    return phrase.replace(/^no (line|element)/, (_, noun) => `${noun === 'line' ? 'a' : 'an'} ${noun}`);
  if (phrase === 'no elements') return 'elements';
  if (phrase.startsWith('not ')) return phrase.replace(/^not \((.*)\)$|^not (.*)$/s, '$1$2');
  return /^an? /.test(phrase) ? phrase.replace(/^an? /, 'no ') : `not ${phrase}`;
}
