import { judge, missing } from '../expectation.js';
import { type Matcher, textTypes } from '../matcher.js';
import { explainNoText } from '../mistakes.js';
import { asText } from '../text.js';

const containSubstring: Matcher = {
  name: 'contain-substring',
  summary: 'Contains the text, which may span lines',
  example: { 'contain-substring': 'Forgejo' },
  types: textTypes,
  argument: 'string',
  mistake: explainNoText,
  phrase: (argument, { show }) => `to contain ${show(String(argument), 'string')}`,
  apply: (actual, argument, { type, show }) => {
    const text = asText(actual, type);
    if (text === undefined) return missing(() => `${show(actual)}, which is not text`);
    return judge(text.includes(String(argument)), () => show(text));
  },
};

export default containSubstring;
