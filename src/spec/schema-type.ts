import { elementForm, type Matcher, type Matchers } from '../matcher.js';
import type { ValueForm, ValueTypeName } from '../model.js';
import { valueTypes } from '../value.js';
import { sayWords } from './literal.js';
import { describe } from './schema-text.js';
import { matchersFor } from './unknown-name.js';

export type Schema = { readonly [keyword: string]: unknown };

/** A text with a variable in it may become anything. */
export const variable = '\\$\\{';

/** Of texts only those with a variable, and otherwise what is expected. */
export function onlyVariable(expected: string): Schema {
  return { pattern: variable, patternErrorMessage: `expected ${expected}` };
}

const typeNames = Object.keys(valueTypes) as readonly ValueTypeName[];

export function literalName(type: ValueTypeName): string {
  return `literal-${type}`;
}

export function expectationName(form: ValueForm): string {
  return `expect-${formName(form)}`;
}

/** `list`, or `list-of-version` where its elements are more than strings. */
function formName({ type, values }: ValueForm): string {
  return type === 'list' && values ? `list-of-${values}` : type;
}

/** One definition for each type: a literal of it. */
export function literalSchemas(): Schema {
  return Object.fromEntries(typeNames.map((type) => [literalName(type), literalSchema(type)]));
}

/**
 * One definition for each form: what may be expected of a value of it. And one for each matcher on it.
 *
 * @param lists the types of what is in lists, beside strings
 */
export function expectationSchemas(matchers: Matchers, lists: Iterable<ValueTypeName>): Schema {
  const forms: ValueForm[] = [
    ...typeNames.map((type) => ({ type })),
    ...[...lists].map((values): ValueForm => ({ type: 'list', values })),
  ];
  return Object.fromEntries(
    forms.flatMap((form) => [
      [expectationName(form), expectationSchema(form, matchers)],
      ...matchersFor(matchers, form.type).map((matcher) => [matcherName(form, matcher), matcherSchema(matcher, form)]),
    ]),
  );
}

function matcherName(form: ValueForm, { name }: Matcher): string {
  return `${formName(form)}-${name}`;
}

/** The name of the definition of what can only be certain words: the same words share one. */
export function wordsName(kind: 'expect' | 'literal', words: readonly string[]): string {
  return `${kind}-${words.join('-')}`;
}

/** Definitions for what can only be certain words. Editors do not heed a pattern that stands beside a reference. */
export function wordsSchemas(lists: Iterable<readonly string[]>, matchers: Matchers): Schema {
  const schemas: Record<string, Schema> = {};
  for (const words of lists) {
    // A version such as 2 or 1.1 needs no quotes: what YAML takes for a number is one of the words as well.
    const numbers = words.map(Number).filter((number) => !Number.isNaN(number));
    const types = numbers.length > 0 ? ['string', 'number'] : ['string'];
    const only = {
      examples: words,
      pattern: `^(${words.map(escapeDots).join('|')})$|${variable}`,
      patternErrorMessage: `expected ${sayWords(words)}`,
      ...(numbers.length > 0 && { minimum: Math.min(...numbers), maximum: Math.max(...numbers) }),
    };
    schemas[wordsName('literal', words)] = { $comment: 'literal string', type: types, ...only };
    schemas[wordsName('expect', words)] = {
      ...expectationSchema({ type: 'string' }, matchers),
      type: [...types, 'object'],
      ...only,
    };
  }
  return schemas;
}

/** The name of the definition of a target's or a tag's name, or of a list of them. */
export function namesName(what: 'target' | 'tag', type: ValueTypeName): string {
  return type === 'list' ? `${what}-names` : `${what}-name`;
}

/** Definitions of names that the spec itself defines: `knowNames` puts them in, for completion. */
export function namesSchemas(): Schema {
  return Object.fromEntries(
    (['target', 'tag'] as const).flatMap((what) => [
      [namesName(what, 'string'), { $comment: 'literal string', type: ['string', 'number'] }],
      [
        namesName(what, 'list'),
        {
          $comment: 'literal list',
          type: ['array', 'string', 'number'],
          items: { $ref: `#/definitions/${namesName(what, 'string')}` },
          errorMessage: `expected a list of ${what}s`,
        },
      ],
    ]),
  );
}

/** Of what a regular expression may take amiss, words have dots only. */
function escapeDots(word: string): string {
  return word.replaceAll('.', '\\.');
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

function expectationSchema(form: ValueForm, matchers: Matchers): Schema {
  const { type } = form;
  const comment = { $comment: `expect ${type}` };
  const properties = matcherProperties(form, matchers, expectationName(form));
  // Anything may stand there; names of matchers are only offered.
  if (type === 'json')
    return { ...comment, properties: Object.fromEntries(Object.keys(properties).map((name) => [name, {}])) };
  if (type === 'map') return mapExpectation(expectationName(form), matchers, false);
  const literal = literalKeywords(type);
  return {
    ...comment,
    ...literal,
    // `then` has its own messages: about matchers.
    errorMessage: `expected ${valueTypes[type].expects}`,
    type: [...(type === 'text' ? ['array'] : []), ...(literal.type as string[]), 'object'],
    ...(type === 'text' && { items: { $ref: `#/definitions/${literalName('string')}` } }),
    ...(type === 'list' && { items: { $ref: `#/definitions/${expectationName(elementForm(form))}` } }),
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
    ...onlyVariable('a mapping of keys to what is expected there'),
    properties: matcherProperties({ type: 'map' }, matchers, name),
    additionalProperties: inner,
  };
}

/** @param name the definition of the branches of `per-target` */
function matcherProperties(form: ValueForm, matchers: Matchers, name: string): Schema {
  const references = matchersFor(matchers, form.type).map((matcher) => [
    matcher.name,
    { $ref: `#/definitions/${matcherName(form, matcher)}` },
  ]);
  return { ...Object.fromEntries(references), 'per-target': perTargetSchema(form.type, name) };
}

/** Another expectation of the same definition for each target. */
export function perTargetSchema(type: ValueTypeName, name: string): Schema {
  const summary = 'Another expectation for each target; `default` is for those that are not named';
  return {
    ...describe({ summary, example: { vm: valueExample(type), default: valueExample(type) } }, 'per-target'),
    $comment: 'branches',
    type: ['object', 'string'],
    ...onlyVariable('a mapping of targets to what is expected there'),
    additionalProperties: { $ref: `#/definitions/${name}` },
  };
}

function valueExample(type: ValueTypeName) {
  return type === 'boolean' ? true : type === 'list' ? ['a'] : type === 'duration' ? '3m' : type === 'number' ? 1 : 'a';
}

function matcherSchema(matcher: Matcher, form: ValueForm): Schema {
  const { name, summary, example } = matcher;
  const shown =
    example !== null && typeof example === 'object' && name in example ? Object.entries(example)[0]?.[1] : example;
  return { ...describe({ summary, example: shown ?? null }, name), ...argumentSchema(matcher, form) };
}

function argumentSchema({ argument }: Matcher, form: ValueForm): Schema {
  const literal = (name: ValueTypeName): Schema => ({ $ref: `#/definitions/${literalName(name)}` });
  const expect = (inner: ValueForm): Schema => ({ $ref: `#/definitions/${expectationName(inner)}` });
  const listOf = (items: Schema): Schema => ({ type: ['array', 'string'], items, $comment: 'list' });
  const element = expect(elementForm(form));
  const schemas: { readonly [shape in Matcher['argument']]: Schema } = {
    value: literal(form.type),
    string: literal('string'),
    number: literal('number'),
    regexp: literal('string'),
    semver: literal('string'),
    patterns: literal('list'),
    length: expect({ type: 'number' }),
    expectation: expect(form),
    expectations: { ...listOf(expect(form)), ...onlyVariable('a list of what is expected') },
    element,
    elements: { ...listOf(element), type: ['array', 'string', 'number', 'boolean'] },
    key: expect({ type: 'string' }),
    paths: {
      type: ['object', 'string'],
      ...onlyVariable('a mapping of paths to what is expected there'),
      additionalProperties: expect({ type: 'json' }),
      $comment: 'paths',
    },
  };
  return schemas[argument];
}
