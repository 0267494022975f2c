import { holdAll, missing, phraseInside, toExpectations } from '../expectation.js';
import { anyType, type Matcher } from '../matcher.js';
import { explainNoParts } from '../mistakes.js';

const and: Matcher = {
  name: 'and',
  summary: 'All of them hold',
  example: { and: [{ ge: 1 }, { le: 5 }] },
  types: anyType,
  argument: 'expectations',
  mistake: explainNoParts,
  phrase: (argument, context) =>
    toExpectations(argument)
      .map((part) => phraseInside(part, context, context))
      .join(' and '),
  apply: (actual, argument, context) => {
    const parts = toExpectations(argument);
    if (parts.length === 0) return missing(() => 'no expectation at all');
    return holdAll(parts.map((part) => context.match(actual, context, part)));
  },
};

export default and;
