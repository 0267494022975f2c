import { type Matcher, orderedTypes } from '../matcher.js';
import { compareWithLimit, explainNoOrder, phraseRelation, type Relation } from '../ordering.js';

const moreThan: Relation = { words: 'more than', ofTimes: 'after', holds: (order) => order > 0 };

const gt: Matcher = {
  name: 'gt',
  summary: 'More than; versions by their own order, text as the number it holds',
  example: { gt: 0 },
  types: orderedTypes,
  argument: 'value',
  mistake: explainNoOrder,
  phrase: (argument, context) => phraseRelation(moreThan, argument, context),
  apply: (actual, argument, context) => compareWithLimit(actual, argument, moreThan, context),
};

export default gt;
