import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseRelation, type Relation } from '../ordering.js';

const lessThan: Relation = { words: 'less than', ofTimes: 'before', holds: (order) => order < 0 };

const lt: Matcher = {
  name: 'lt',
  summary: 'Less than; versions by their own order, text as the number it holds',
  example: { lt: '90%' },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseRelation(lessThan, argument, context),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, lessThan, context),
};

export default lt;
