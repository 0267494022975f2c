import { describePairing, elementsOf, phraseElements } from '../elements.js';
import { missing, toExpectations } from '../expectation.js';
import { elementTypes, type Matcher } from '../matcher.js';
import { pairElements } from '../pair-elements.js';

const consistOf: Matcher = {
  name: 'consist-of',
  summary: 'These elements (of text, lines) and no others, in any order; a bare list on a list means the same',
  example: { 'consist-of': ['127.0.0.1', '::1'] },
  types: elementTypes,
  argument: 'elements',
  phrase: (argument, context) => {
    const expectations = toExpectations(argument);
    if (expectations.length === 0) return 'no elements';
    return phraseElements(expectations, context) + (expectations.length > 1 ? ' in any order' : '');
  },
  apply: (actual, argument, context) => {
    const { elements, form } = elementsOf(actual, context);
    if (!elements) return missing(() => `${context.show(actual)}, which has no elements`);
    const pairing = pairElements(elements, form, toExpectations(argument), context);
    return {
      verdict: pairing.extra.length > pairing.missing.length ? 'failed' : pairing.verdict,
      found: () => describePairing(actual, pairing, context, { extras: true }),
    };
  },
};

export default consistOf;
