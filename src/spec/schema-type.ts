import { elementType, type Matcher, type Matchers } from '../matcher.js';
import type { ValueTypeName } from '../model.js';
import { valueTypes } from '../value.js';
import { sayWords } from './literal.js';
import { describe } from './schema-text.js';
import { matchersFor } from './unknown-name.js';

export type Schema = { readonly [keyword: string]: unknown };

/** A text with a variable in it may become anything. */
export const variable = '\\$\\{';

const typeNames = Object.keys(valueTypes) as readonly ValueTypeName[];

export function literalName(type: ValueTypeName): string {
  return `literal-${type}`;
}

export function expectationName(type: ValueTypeName): string {
  return `expect-${type}`;
}

/** One definition for each type: a literal of it. */
export function literalSchemas(): Schema {
  return Object.fromEntries(typeNames.map((type) => [literalName(type), literalSchema(type)]));
}

/** One definition for each type: what may be expected of a value of it. And one for each matcher on it. */
export function expectationSchemas(matchers: Matchers): Schema {
  return Object.fromEntries(
    typeNames.flatMap((type) => [
      [expectationName(type), expectationSchema(type, matchers)],
      ...matchersFor(matchers, type).map((matcher) => [matcherName(type, matcher), matcherSchema(matcher, type)]),
    ]),
  );
}

function matcherName(type: ValueTypeName, { name }: Matcher): string {
  return `${type}-${name}`;
}

/** The name of the definition of what can only be certain words: the same words share one. */
export function wordsName(kind: 'expect' | 'literal', words: readonly string[]): string {
  return `${kind}-${words.join('-')}`;
}

/** Definitions for what can only be certain words. Editors do not heed a pattern that stands beside a reference. */
export function wordsSchemas(lists: Iterable<readonly string[]>, matchers: Matchers): Schema {
  const schemas: Record<string, Schema> = {};
  for (const words of lists) {
    const only = {
      examples: words,
      pattern: `^(${words.join('|')})$|${variable}`,
      patternErrorMessage: `expected ${sayWords(words)}`,
    };
    schemas[wordsName('literal', words)] = { $comment: 'literal string', type: 'string', ...only };
    schemas[wordsName('expect', words)] = {
      ...expectationSchema('string', matchers),
      type: ['string', 'object'],
      ...only,
    };
  }
  return schemas;
}

function literalSchema(type: ValueTypeName): Schema {
  const expects = valueTypes[type].expects;
  return {
    $comment: `literal ${type}`,
    ...literalKeywords(type),
    ...(type !== 'json' && { errorMessage: `expected ${expects}` }),
  };
}

/** Keywords for scalars and lists only, so that those for mappings can stand beside them. */
function literalKeywords(type: ValueTypeName): Schema {
  const scalars = ['string', 'number', 'boolean'];
  if (type === 'json') return {};
  // A list of one may be written without brackets.
  if (type === 'list') return { type: ['array', ...scalars], items: { type: scalars } };
  if (type === 'map') return { type: ['object', 'string'], pattern: variable, additionalProperties: { type: scalars } };
  const { schema, expects } = valueTypes[type];
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return {
    type: [...new Set([...types, 'string'])],
    ...(typeof schema.pattern === 'string' && {
      pattern: `${schema.pattern}|${variable}`,
      patternErrorMessage: `expected ${expects}`,
    }),
  };
}

function expectationSchema(type: ValueTypeName, matchers: Matchers): Schema {
  const comment = { $comment: `expect ${type}` };
  const properties = matcherProperties(type, matchers, expectationName(type));
  // Anything may stand there; names of matchers are only offered.
  if (type === 'json')
    return { ...comment, properties: Object.fromEntries(Object.keys(properties).map((name) => [name, {}])) };
  if (type === 'map') return mapExpectation(expectationName('map'), matchers, false);
  const literal = literalKeywords(type);
  return {
    ...comment,
    ...literal,
    type: [...(type === 'text' ? ['array'] : []), ...(literal.type as string[]), 'object'],
    ...(type === 'text' && { items: { $ref: `#/definitions/${literalName('string')}` } }),
    ...(type === 'list' && { items: { $ref: `#/definitions/${expectationName('string')}` } }),
    // Beside `properties` an editor would begin a new line after the colon, where mostly a value is to come.
    if: { type: 'object' },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { additionalProperties: false, properties },
  };
}

/**
 * Of a map: matchers on it as a whole and, where it is a property, its keys, each with what is expected there.
 *
 * @param name of the definition that this becomes: the branches of `per-target` are the same again
 */
export function mapExpectation(name: string, matchers: Matchers, inner: Schema | false): Schema {
  return {
    $comment: 'expect map',
    type: ['object', 'string'],
    pattern: variable,
    properties: matcherProperties('map', matchers, name),
    additionalProperties: inner,
  };
}

/** @param name the definition of the branches of `per-target` */
function matcherProperties(type: ValueTypeName, matchers: Matchers, name: string): Schema {
  const references = matchersFor(matchers, type).map((matcher) => [
    matcher.name,
    { $ref: `#/definitions/${matcherName(type, matcher)}` },
  ]);
  return { ...Object.fromEntries(references), 'per-target': perTargetSchema(type, name) };
}

/** Another expectation of the same definition for each target. */
export function perTargetSchema(type: ValueTypeName, name = expectationName(type)): Schema {
  const summary = 'Another expectation for each target; `default` is for those that are not named';
  return {
    ...describe({ summary, example: { vm: valueExample(type), default: valueExample(type) } }, 'per-target'),
    $comment: 'branches',
    type: ['object', 'string'],
    pattern: variable,
    additionalProperties: { $ref: `#/definitions/${name}` },
  };
}

function valueExample(type: ValueTypeName) {
  return type === 'boolean' ? true : type === 'list' ? ['a'] : type === 'duration' ? '3m' : type === 'number' ? 1 : 'a';
}

function matcherSchema(matcher: Matcher, type: ValueTypeName): Schema {
  const { name, summary, example } = matcher;
  const shown =
    example !== null && typeof example === 'object' && name in example ? Object.entries(example)[0]?.[1] : example;
  return { ...describe({ summary, example: shown ?? null }, name), ...argumentSchema(matcher, type) };
}

function argumentSchema({ argument }: Matcher, type: ValueTypeName): Schema {
  const literal = (name: ValueTypeName): Schema => ({ $ref: `#/definitions/${literalName(name)}` });
  const expect = (name: ValueTypeName): Schema => ({ $ref: `#/definitions/${expectationName(name)}` });
  const listOf = (items: Schema): Schema => ({ type: ['array', 'string'], items, $comment: 'list' });
  const element = expect(elementType(type));
  const schemas: { readonly [shape in Matcher['argument']]: Schema } = {
    value: literal(type),
    string: literal('string'),
    number: literal('number'),
    regexp: literal('string'),
    semver: literal('string'),
    patterns: literal('list'),
    length: expect('number'),
    expectation: expect(type),
    expectations: { ...listOf(expect(type)), pattern: variable },
    element,
    elements: { ...listOf(element), type: ['array', 'string', 'number', 'boolean'] },
    key: expect('string'),
    paths: { type: ['object', 'string'], pattern: variable, additionalProperties: expect('json'), $comment: 'paths' },
  };
  return schemas[argument];
}
