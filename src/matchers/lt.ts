import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseOrder } from '../ordering.js';

const lt: Matcher = {
  name: 'lt',
  summary: 'Less than; versions by their own order, text as the number it holds',
  example: { lt: '90%' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseOrder(argument, context, 'less than', 'before'),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, context, (order) => order < 0),
};

export default lt;
