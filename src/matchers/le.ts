import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseRelation, type Relation } from '../ordering.js';

const atMost: Relation = { words: 'at most', ofTimes: 'at or before', holds: (order) => order <= 0 };

const le: Matcher = {
  name: 'le',
  summary: 'At most; versions by their own order, text as the number it holds',
  example: { le: '512MiB' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseRelation(atMost, argument, context),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, atMost, context),
};

export default le;
