import { judge, missing } from '../expectation.js';
import { type Matcher, textTypes } from '../matcher.js';
import { explainNoText } from '../mistakes.js';
import { quoteAround } from '../show-text.js';
import { asText, splitLines } from '../text.js';

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
    const at = text.indexOf(String(argument));
    return judge(at >= 0, () => (at < 0 ? show(text) : showPlace(text, at)));
  },
};

export default containSubstring;

/** The line that it begins in, where there are several. */
function showPlace(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const [line = ''] = splitLines(text.slice(start));
  const number = text.slice(0, start).split('\n').length;
  const quoted = quoteAround(line, at - start);
  return start === 0 && text.length - line.length < 3 ? quoted : `${quoted} in line ${number}`;
}
