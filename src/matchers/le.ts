import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseOrder } from '../ordering.js';

const le: Matcher = {
  name: 'le',
  summary: 'At most; versions by their own order, text as the number it holds',
  example: { le: '512MiB' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseOrder(argument, context, 'at most', 'at or before'),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, context, (order) => order <= 0),
};

export default le;
