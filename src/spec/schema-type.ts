import { elementType, type Matcher, type Matchers } from '../matcher.js';
import type { ValueTypeName } from '../model.js';
import { valueTypes } from '../value.js';
import { type LiteralForm, sayWords } from './literal.js';
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

/** One definition for each type: what may be expected of a value of it. */
export function expectationSchemas(matchers: Matchers): Schema {
  return Object.fromEntries(typeNames.map((type) => [expectationName(type), expectationSchema(type, matchers)]));
}

/** The only words that something can be; beside the schema of its type. */
export function words({ words: list }: LiteralForm): Schema {
  if (!list) return {};
  return {
    examples: list,
    pattern: `^(${list.join('|')})$|${variable}`,
    patternErrorMessage: `expected ${sayWords(list)}`,
  };
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
  const properties = {
    ...Object.fromEntries(matchersFor(matchers, type).map((matcher) => [matcher.name, matcherSchema(matcher, type)])),
    'per-target': perTargetSchema(type),
  };
  const comment = { $comment: `expect ${type}` };
  if (type === 'json') {
    // Anything may stand here; names of matchers are only offered.
    const offered = Object.entries(properties).map(([name, schema]) => [name, withoutShape(schema)]);
    return { ...comment, properties: Object.fromEntries(offered) };
  }
  if (type === 'map') return mapExpectation(expectationName('map'), matchers, false);
  const literal = literalKeywords(type);
  return {
    ...comment,
    ...literal,
    type: ['object', ...(type === 'text' ? ['array'] : []), ...(literal.type as string[])],
    ...(type === 'text' && { items: { $ref: `#/definitions/${literalName('string')}` } }),
    ...(type === 'list' && { items: { $ref: `#/definitions/${expectationName('string')}` } }),
    additionalProperties: false,
    properties,
  };
}

/**
 * Of a map: matchers on it as a whole and, where it is a property, its keys, each with what is expected there.
 *
 * @param name of the definition that this becomes: the branches of `per-target` are the same again
 */
export function mapExpectation(name: string, matchers: Matchers, inner: Schema | false): Schema {
  const whole = matchersFor(matchers, 'map').map((matcher) => [matcher.name, matcherSchema(matcher, 'map')]);
  return {
    $comment: 'expect map',
    type: ['object', 'string'],
    pattern: variable,
    properties: { ...Object.fromEntries(whole), 'per-target': perTargetSchema('map', name) },
    additionalProperties: inner,
  };
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

function withoutShape({ description, markdownDescription }: Schema): Schema {
  return { description, markdownDescription };
}
