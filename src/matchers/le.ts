import { type Matcher, orderedTypes } from '../matcher.js';
import { compareNumbers, explainNoNumber, phraseOrder } from '../ordering.js';

const le: Matcher = {
  name: 'le',
  summary: 'At most; text counts as the number it holds',
  example: { le: '512MiB' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoNumber,
  phrase: (argument, context) => phraseOrder(argument, context, 'at most', 'at or before'),
  apply: (actual, argument, context) => compareNumbers(actual, argument, context, (number, limit) => number <= limit),
};

export default le;
