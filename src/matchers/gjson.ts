import { holdAll, missing, phraseInside, toExpectation } from '../expectation.js';
import { findAt } from '../gjson.js';
import { type Path, parsePath } from '../gjson-path.js';
import { parseJson, parseJsonLines } from '../json-text.js';
import type { Match, MatchContext, Matcher } from '../matcher.js';
import { explainFailure } from '../mistakes.js';
import type { Argument, Expectation, Value } from '../model.js';
import { isNoReading } from '../resource.js';
import { showWord } from '../show-text.js';
import { countOf, listSome } from '../text.js';

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
    const matches = paths.map(([path, expectation]) =>
      matchAt(documentOf(actual, path, context), path, expectation, context),
    );
    return holdAll(matches, (phrase, at, { located }) => (located ? phrase : `${phrase} at ${paths[at]?.[0] ?? ''}`));
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

type Document = ReturnType<typeof parseJson>;

/** What a path is about. One that begins with two dots is about a text with a JSON document in each line. */
function documentOf(actual: Value, path: string, { type }: MatchContext): Document {
  if (type === 'json' || type === 'map') return { value: actual };
  return path.startsWith('..') ? parseJsonLines(String(actual)) : parseJson(String(actual));
}

function matchAt(document: Document, path: string, expectation: Expectation, context: MatchContext): Match {
  const expected = () => phraseInside(expectation, { type: 'json' }, context);
  const none = (verdict: 'missing' | 'unknown', found: string): Match => ({
    verdict,
    expected: expected(),
    found,
    located: true,
  });
  if ('mistake' in document) return none('missing', `no JSON: ${document.mistake}`);
  const steps = parsePath(path);
  const isLines = steps[0]?.kind === 'lines' && Array.isArray(document.value);
  const value = findAt(document.value, isLines ? steps.slice(1) : steps);
  if (value === undefined) return none('missing', `nothing at ${path}${describeAround(document.value, steps, path)}`);
  if (context.type === 'map' && isNoReading(value)) {
    const verdict = value.noReading === 'unknown' ? 'unknown' : 'missing';
    return none(verdict, `nothing at ${path}: ${value.reason}`);
  }
  return context.match(value, { type: 'json', ...(isPlain(steps) && { place: path }) }, expectation);
}

/** Only keys and indexes: what stands below can be told by a path that goes on. */
function isPlain(steps: Path): boolean {
  return steps.every((step) => step.kind === 'key' && step.name !== '');
}

/** `, as a.b has c, d`: the last part of the path that is there. */
function describeAround(json: Value, steps: Path, path: string): string {
  if (!isPlain(steps)) return '';
  const depth = steps.findIndex((_, at) => findAt(json, steps.slice(0, at + 1)) === undefined);
  const around = findAt(json, steps.slice(0, depth)) ?? null;
  const place = depth === 0 ? 'it' : path.slice(0, steps[depth - 1]?.end);
  return `, as ${place} ${describeInside(around)}`;
}

function describeInside(value: Value): string {
  if (Array.isArray(value)) return `has ${countOf(value.length, 'element')}`;
  if (value === null || typeof value !== 'object') return 'has nothing in it';
  const keys = Object.keys(value);
  return keys.length === 0 ? 'is empty' : `has ${listSome(keys.map(showWord))}`;
}
