import { type Matcher, orderedTypes } from '../matcher.js';
import { compareNumbers, explainNoNumber, phraseOrder } from '../ordering.js';

const gt: Matcher = {
  name: 'gt',
  summary: 'More than; text counts as the number it holds',
  example: { gt: 0 },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoNumber,
  phrase: (argument, context) => phraseOrder(argument, context, 'more than', 'after'),
  apply: (actual, argument, context) => compareNumbers(actual, argument, context, (number, limit) => number > limit),
};

export default gt;
