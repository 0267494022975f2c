import { holdAll, missing, phraseInside, toExpectation } from '../expectation.js';
import { findAt, parsePath } from '../gjson.js';
import { parseJson } from '../json-text.js';
import type { Match, MatchContext, Matcher } from '../matcher.js';
import { explainFailure } from '../mistakes.js';
import type { Argument, Expectation, Value } from '../model.js';

const gjson: Matcher = {
  name: 'gjson',
  summary: 'In JSON (or text that is JSON), what stands at each GJSON path is as said; a path must be there',
  example: { gjson: { 'status.healthy': true, 'nodes.#': { ge: 3 }, 'nodes.#(name=="a").state': 'up' } },
  types: ['json', 'text', 'string', 'map'],
  argument: 'paths',
  mistake: explainPaths,
  phrase: (argument, context) =>
    listPaths(argument)
      .map(([path, expectation]) => `${phraseInside(expectation, { type: 'json' }, context)} at ${path}`)
      .join(' and '),
  apply: (actual, argument, context) => {
    const paths = listPaths(argument);
    if (paths.length === 0) return missing(() => 'no path at all');
    const json = context.type === 'json' || context.type === 'map' ? { value: actual } : parseJson(String(actual));
    if ('mistake' in json) return missing(() => `${context.show(actual)}, which is not JSON: ${json.mistake}`);
    const matches = paths.map(([path, expectation]) => matchAt(json.value, path, expectation, context));
    return holdAll(matches, (phrase, at) => `${phrase} at ${paths[at]?.[0] ?? ''}`);
  },
};

export default gjson;

function listPaths(argument: Argument): readonly (readonly [string, Expectation])[] {
  return Object.entries(argument as { readonly [path: string]: Argument }).map(([path, inner]) => [
    path,
    toExpectation(inner),
  ]);
}

function explainPaths(argument: Argument): string | undefined {
  const paths = listPaths(argument);
  if (paths.length === 0) return 'an empty mapping asserts nothing';
  for (const [path] of paths) {
    const mistake = explainFailure(() => parsePath(path));
    if (mistake !== undefined) return `not a GJSON path: ${mistake}`;
  }
  return undefined;
}

function matchAt(json: Value, path: string, expectation: Expectation, context: MatchContext): Match {
  const value = findAt(json, parsePath(path));
  if (value !== undefined) return context.match(value, { type: 'json' }, expectation);
  return { verdict: 'missing', expected: phraseInside(expectation, { type: 'json' }, context), found: 'nothing' };
}
