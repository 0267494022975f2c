import { holdAny, missing, phraseInside, toExpectations } from '../expectation.js';
import { anyType, type Matcher } from '../matcher.js';
import { explainNoParts } from '../mistakes.js';

const or: Matcher = {
  name: 'or',
  summary: 'At least one of them holds',
  example: { or: ['active', 'activating'] },
  types: anyType,
  argument: 'expectations',
  mistake: explainNoParts,
  phrase: (argument, context) =>
    toExpectations(argument)
      .map((part) => phraseInside(part, context, context))
      .join(' or '),
  apply: (actual, argument, context) => {
    const parts = toExpectations(argument);
    if (parts.length === 0) return missing(() => 'no expectation at all');
    return holdAny(parts.map((part) => context.match(actual, context, part)));
  },
};

export default or;
