import { judge, missing } from '../expectation.js';
import { type Matcher, textTypes } from '../matcher.js';
import { explainNoText } from '../mistakes.js';
import { asText } from '../text.js';

const havePrefix: Matcher = {
  name: 'have-prefix',
  summary: 'Begins with the text',
  example: { 'have-prefix': 'text/html' },
  types: textTypes,
  argument: 'string',
  mistake: explainNoText,
  phrase: (argument, { show }) => `to begin with ${show(String(argument), 'string')}`,
  apply: (actual, argument, { type, show }) => {
    const text = asText(actual, type);
    if (text === undefined) return missing(() => `${show(actual)}, which is not text`);
    return judge(text.startsWith(String(argument)), () => show(text));
  },
};

export default havePrefix;
