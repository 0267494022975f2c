import type { Matcher, Matchers } from '../matcher.js';
import type { Problem, ValueTypeName } from '../model.js';
import { mistakeAt, suggest } from './mistake.js';
import type { Place } from './node.js';

/** Names that are not there, told in the same words by the shape check and by the reading of a spec. */

export function unknownResource(name: string, place: Place, known: readonly string[]): Problem {
  const message = `there is no resource type ${JSON.stringify(name)}`;
  return mistakeAt('unknown-resource', message, place, suggest(name, known, 'there are'));
}

/** @param owner the resource type, or the map property of one */
export function unknownProperty(owner: string, name: string, place: Place, known: readonly string[]): Problem {
  const message = `\`${owner}\` has no property ${JSON.stringify(name)}`;
  return mistakeAt('unknown-property', message, place, suggest(name, known, 'there are'));
}

/** No matcher at all, or one that cannot judge values of the type. */
export function unusableMatcher(name: string, place: Place, matchers: Matchers, type: ValueTypeName): Problem {
  const able = matchersFor(matchers, type).map((matcher) => matcher.name);
  if (!matchers.has(name)) {
    const hint = suggest(name, [...able, 'per-target'], 'matchers here are');
    return mistakeAt('unknown-matcher', `there is no matcher ${JSON.stringify(name)}`, place, hint);
  }
  const message = `\`${name}\` cannot judge ${nouns[type]}`;
  return mistakeAt('matcher-not-allowed', message, place, `here can stand: ${able.join(', ')}`);
}

const nouns: { readonly [type in ValueTypeName]: string } = {
  boolean: 'a boolean',
  number: 'a number',
  string: 'a string',
  text: 'a text',
  list: 'a list',
  map: 'a mapping',
  json: 'JSON',
  duration: 'a duration',
  size: 'a size',
  time: 'a time',
  percentage: 'a percentage',
  mode: 'a mode',
  version: 'a version',
};

/** The matchers that can judge values of a type. */
export function matchersFor(matchers: Matchers, type: ValueTypeName): readonly Matcher[] {
  return [...matchers.values()].filter(({ types }) => types.includes(type));
}
