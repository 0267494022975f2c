import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseOrder } from '../ordering.js';

const gt: Matcher = {
  name: 'gt',
  summary: 'More than; versions by their own order, text as the number it holds',
  example: { gt: 0 },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseOrder(argument, context, 'more than', 'after'),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, context, (order) => order > 0),
};

export default gt;
