import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseOrder } from '../ordering.js';

const ge: Matcher = {
  name: 'ge',
  summary: 'At least; versions by their own order, text as the number it holds',
  example: { ge: '14d' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseOrder(argument, context, 'at least', 'at or after'),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, context, (order) => order >= 0),
};

export default ge;
