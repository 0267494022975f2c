import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseRelation, type Relation } from '../ordering.js';

const atLeast: Relation = { words: 'at least', ofTimes: 'at or after', holds: (order) => order >= 0 };

const ge: Matcher = {
  name: 'ge',
  summary: 'At least; versions by their own order, text as the number it holds',
  example: { ge: '14d' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseRelation(atLeast, argument, context),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, atLeast, context),
};

export default ge;
