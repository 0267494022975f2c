import { judge, missing } from '../expectation.js';
import { type Matcher, textTypes } from '../matcher.js';
import { explainFailure } from '../mistakes.js';
import { compileRegexp } from '../pattern.js';
import { escapeUnseen } from '../show-text.js';
import { asText, readingsOf } from '../text.js';

const matchRegexp: Matcher = {
  name: 'match-regexp',
  summary: 'Some part of the whole text matches the regular expression (RE2 syntax)',
  example: { 'match-regexp': '^v[0-9]+\\.[0-9]+$' },
  types: textTypes,
  argument: 'regexp',
  mistake: (argument) =>
    argument === '' ? 'an empty expression matches everything' : explainFailure(() => compileRegexp(String(argument))),
  phrase: (argument) => `to match /${escapeUnseen(String(argument))}/`,
  apply: (actual, argument, { type, show }) => {
    const text = asText(actual, type);
    if (text === undefined) return missing(() => `${show(actual)}, which is not text`);
    const regexp = compileRegexp(String(argument));
    // `ok$` is meant to match the output of `echo ok`, but $ of RE2 is the very end.
    const reading = readingsOf(text).find((one) => regexp.test(one));
    return judge(reading !== undefined, () =>
      show(reading === undefined ? text : (regexp.find(reading)?.text ?? text)),
    );
  },
};

export default matchRegexp;
