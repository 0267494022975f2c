import { describePairing, elementsOf, phraseElements } from '../elements.js';
import { missing, toExpectations } from '../expectation.js';
import { elementTypes, type Matcher } from '../matcher.js';
import { explainNoParts } from '../mistakes.js';
import { pairElements } from '../pair-elements.js';

const containElements: Matcher = {
  name: 'contain-elements',
  summary: 'For each of these there is an element (of text, a line) of its own, in any order; others may be there too',
  example: { 'contain-elements': ['wheel', { 'have-prefix': 'app-' }] },
  types: elementTypes,
  argument: 'elements',
  mistake: explainNoParts,
  phrase: (argument, context) => `to contain ${phraseElements(toExpectations(argument), context)}`,
  apply: (actual, argument, context) => {
    const { elements, form } = elementsOf(actual, context);
    if (!elements) return missing(() => `${context.show(actual)}, which has no elements`);
    const pairing = pairElements(elements, form, toExpectations(argument), context);
    return { verdict: pairing.verdict, found: () => describePairing(actual, pairing, context, { extras: false }) };
  },
};

export default containElements;
