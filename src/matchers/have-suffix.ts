import { judge, missing } from '../expectation.js';
import { type Matcher, textTypes } from '../matcher.js';
import { explainNoText } from '../mistakes.js';
import { asText, readingsOf } from '../text.js';

const haveSuffix: Matcher = {
  name: 'have-suffix',
  summary: 'Ends with the text, whether or not a newline follows at the end',
  example: { 'have-suffix': '.example.org' },
  types: textTypes,
  argument: 'string',
  mistake: explainNoText,
  phrase: (argument, { show }) => `to end with ${show(String(argument), 'string')}`,
  apply: (actual, argument, { type, show }) => {
    const text = asText(actual, type);
    if (text === undefined) return missing(() => `${show(actual)}, which is not text`);
    return judge(
      readingsOf(text).some((reading) => reading.endsWith(String(argument))),
      () => show(text),
    );
  },
};

export default haveSuffix;
