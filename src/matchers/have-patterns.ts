import { missing } from '../expectation.js';
import type { MatchContext, Matcher } from '../matcher.js';
import { explainFailure, explainNoParts } from '../mistakes.js';
import type { Argument, Value } from '../model.js';
import { compilePattern, findPatterns, type Pattern, type PatternHit } from '../pattern.js';
import { quoteAround } from '../show-text.js';
import { listSome } from '../text.js';

const havePatterns: Matcher = {
  name: 'have-patterns',
  summary:
    'Each text is in some line, each !text in none; /expression/ (flags i, m, s) matches one, !/expression/ none; ' +
    'a leading backslash takes ! or / literally. A bare list on text means the same',
  example: { 'have-patterns': ['Forgejo', '!Internal Server Error', '/v[0-9]+/i'] },
  types: ['text', 'string', 'version', 'list', 'json'],
  argument: 'patterns',
  mistake: (argument) => explainNoParts(argument) ?? explainPatterns(listPatterns(argument)),
  phrase: (argument, context) => phrasePatterns(listPatterns(argument).map(compilePattern), context),
  apply: (actual, argument, context) => {
    const texts = listTexts(actual);
    if (!texts) return missing(() => `${context.show(actual)}, which is not text`);
    const hits = findPatterns(texts, listPatterns(argument));
    if (hits.length === 0) return missing(() => 'no patterns at all');
    const wrong = hits.filter(({ holds }) => !holds);
    return {
      verdict: wrong.length === 0 ? 'passed' : 'failed',
      found: () => describeHits(wrong.length === 0 ? hits : wrong, actual, context),
      ...(wrong.length > 0 && {
        expected: () =>
          phrasePatterns(
            wrong.map(({ pattern }) => pattern),
            context,
          ),
      }),
    };
  },
};

export default havePatterns;

function listPatterns(argument: Argument): readonly string[] {
  return (Array.isArray(argument) ? argument : [argument]).map(String);
}

function explainPatterns(patterns: readonly string[]): string | undefined {
  for (const pattern of patterns) {
    const mistake = explainFailure(() => compilePattern(pattern));
    if (mistake !== undefined) return patterns.length === 1 ? mistake : `${JSON.stringify(pattern)}: ${mistake}`;
  }
  return undefined;
}

/** A list's elements are texts of their own: JSON may hold others among them, which no pattern is looked for in. */
function listTexts(actual: Value): readonly string[] | undefined {
  if (typeof actual === 'string') return [actual];
  if (typeof actual === 'number' || typeof actual === 'boolean') return [String(actual)];
  if (!Array.isArray(actual)) return undefined;
  return actual.filter((element: Value) => typeof element === 'string');
}

function phrasePatterns(patterns: readonly Pattern[], { type }: MatchContext): string {
  const [some, none] = type === 'list' ? ['an element', 'no element'] : ['a line', 'no line'];
  return listSome(patterns.map(({ negated, words }) => `${negated ? none : some} ${words}`));
}

function describeHits(hits: readonly PatternHit[], actual: Value, { show, type }: MatchContext): string {
  const lines = hits.flatMap(({ line }) => {
    if (!line) return [];
    const text = quoteAround(line.text, line.at);
    return [type === 'list' ? text : `${text} in line ${line.number}`];
  });
  const whole = hits.some(({ line }) => !line) ? [actual === '' ? 'no text' : show(actual)] : [];
  return [...new Set([...lines, ...whole])].slice(0, 5).join('; ');
}
