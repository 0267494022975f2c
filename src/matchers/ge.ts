import { type Matcher, orderedTypes } from '../matcher.js';
import { compareNumbers, explainNoNumber, phraseOrder } from '../ordering.js';

const ge: Matcher = {
  name: 'ge',
  summary: 'At least; text counts as the number it holds',
  example: { ge: '14d' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoNumber,
  phrase: (argument, context) => phraseOrder(argument, context, 'at least', 'at or after'),
  apply: (actual, argument, context) => compareNumbers(actual, argument, context, (number, limit) => number >= limit),
};

export default ge;
