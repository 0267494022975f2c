import { type Matcher, orderedTypes } from '../matcher.js';
import { compareNumbers, explainNoNumber, phraseOrder } from '../ordering.js';

const lt: Matcher = {
  name: 'lt',
  summary: 'Less than; text counts as the number it holds',
  example: { lt: '90%' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoNumber,
  phrase: (argument, context) => phraseOrder(argument, context, 'less than', 'before'),
  apply: (actual, argument, context) => compareNumbers(actual, argument, context, (number, limit) => number < limit),
};

export default lt;
