import type { ErrorObject } from 'ajv';
import type { Matchers } from '../matcher.js';
import type { Problem, ValueTypeName } from '../model.js';
import { valueTypes } from '../value.js';
import { mistakeAt, suggest } from './mistake.js';
import { isEmpty, type MapNode, pairOf, type SpecNode, showNode } from './node.js';
import type { Schema } from './schema-type.js';
import { unknownProperty, unknownResource, unusableMatcher } from './unknown-name.js';

/**
 * Says what the schema found in words, at its place, once for each mistake. Emptiness is left to the reading of the
 * entries, which knows better what it means.
 */
export function explainErrors(
  errors: readonly ErrorObject[],
  root: MapNode,
  schema: Schema,
  matchers: Matchers,
): readonly Problem[] {
  const told = new Map<string, Problem>();
  for (const error of errors) {
    const problem = explainError(error, root, schema, matchers);
    if (!problem) continue;
    const { line, column } = problem.position;
    const place = `${line}:${column}`;
    if (!told.has(place)) told.set(place, problem);
  }
  return [...told.values()];
}

function explainError(error: ErrorObject, root: MapNode, schema: Schema, matchers: Matchers): Problem | undefined {
  const node = findNode(root, error.instancePath);
  const place = findOwner(schema, error.instancePath);
  const owner = error.propertyName === undefined ? place : (place.propertyNames as Schema);
  const [kind = '', name = ''] = String(owner.$comment ?? '').split(' ');
  if (error.propertyName !== undefined) return explainKey(error, node, owner, kind, name);
  switch (error.keyword) {
    case 'additionalProperties':
      return explainUnknown(String(error.params.additionalProperty), node, owner, [kind, name], matchers);
    case 'required': {
      const missing = String(error.params.missingProperty);
      const first = { file: root.file, start: 0, end: 0 };
      return mistakeAt('missing-key', `\`${missing}\` is missing`, first, 'a spec begins with `version: 1`');
    }
    case 'const':
      return mistakeAt('bad-value', `expected 1, the version of the language, not ${showNode(node)}`, node);
    case 'type':
    case 'pattern':
      return explainValue(node, owner, [kind, name], error);
    default:
      return undefined;
  }
}

/** What a value should have been. */
function explainValue(
  node: SpecNode,
  owner: Schema,
  [kind, name]: readonly [string, string],
  error: ErrorObject,
): Problem | undefined {
  if (isEmpty(node) && (kind === 'section' || kind === 'entry')) return undefined;
  const expected =
    error.keyword === 'pattern' && owner.examples ? owner.patternErrorMessage : expectation(owner, kind, name);
  const code = error.keyword === 'type' && (node.kind !== 'scalar' || isEmpty(node)) ? 'wrong-type' : 'bad-value';
  const types = [owner.type].flat();
  const needsMany =
    kind === 'list' || name === 'map' || (types.includes('object') && kind !== 'expect' && kind !== 'literal');
  return mistakeAt(
    needsMany ? 'wrong-type' : code,
    `${String(expected)}, not ${showNode(node)}`,
    node,
    hintFor(node, owner),
  );
}

function expectation(owner: Schema, kind: string, name: string): string {
  if ((kind === 'expect' || kind === 'literal') && Object.hasOwn(valueTypes, name)) {
    return `expected ${valueTypes[name as ValueTypeName].expects}`;
  }
  if (kind === 'section') return 'expected a mapping of subjects to what is expected of them';
  if (kind === 'entry') return 'expected a mapping of what is expected';
  if (kind === 'branches') return 'expected a mapping of targets to what is expected there';
  if (kind === 'paths') return 'expected a mapping of paths to what is expected there';
  if (kind === 'list') return 'expected a list';
  const types = [owner.type].flat();
  return types.includes('object') ? 'expected a mapping' : `expected ${types.map(String).join(' or ')}`;
}

function hintFor(node: SpecNode, { examples }: Schema): string | undefined {
  if (node.kind !== 'scalar' || !Array.isArray(examples) || examples.length <= 3) return undefined;
  return suggest(node.source, examples.map(String), 'it can be');
}

function explainKey(
  error: ErrorObject,
  node: SpecNode,
  owner: Schema,
  kind: string,
  name: string,
): Problem | undefined {
  const written = String(error.propertyName);
  const key = pairOf(node, written)?.key ?? node;
  const shown = JSON.stringify(written.slice(0, 100));
  if (error.keyword === 'propertyNames') return undefined;
  if (kind === 'subject') {
    return mistakeAt(
      'bad-subject',
      `${shown} cannot be the subject of \`${name}\`: ${String(owner.patternErrorMessage)}`,
      key,
    );
  }
  if (kind === 'variable') return mistakeAt('bad-variable', `${shown} cannot be the name of a variable`, key);
  if (kind === 'secret') return mistakeAt('bad-secret', `${shown} cannot be the name of a secret`, key);
  if (kind === 'state') {
    const message = `${shown} cannot be a name under \`state\``;
    return mistakeAt('bad-state', message, key, 'letters, digits and _ -: it becomes part of the name of a snapshot');
  }
  return mistakeAt(
    'bad-target',
    `${shown} cannot be the name of a target`,
    key,
    'letters, digits and . _ -, but not "default"',
  );
}

function explainUnknown(
  name: string,
  node: SpecNode,
  owner: Schema,
  [kind, of]: readonly [string, string],
  matchers: Matchers,
): Problem {
  const key = pairOf(node, name)?.key ?? node;
  const known = Object.keys((owner.properties ?? {}) as Schema);
  if (kind === 'spec') return unknownResource(name, key, known);
  if (kind === 'entry') return unknownProperty(of, name, key, known);
  if (kind === 'expect') return unusableMatcher(name, key, matchers, of as ValueTypeName);
  const message = `there is no key ${JSON.stringify(name)} here`;
  return mistakeAt('unknown-key', message, key, suggest(name, known, 'there are'));
}

/** The node that a JSON pointer leads to. */
function findNode(root: MapNode, pointer: string): SpecNode {
  let found: SpecNode = root;
  for (const step of stepsOf(pointer)) {
    const inner: SpecNode | undefined = found.kind === 'list' ? found.items[Number(step)] : pairOf(found, step)?.value;
    found = inner ?? found;
  }
  return found;
}

/**
 * The schema of the place that a JSON pointer leads to. It is found by walking the schema beside the pointer: ajv's own
 * `schemaPath` begins anew in each definition. Nothing in it branches but for what holds of
 * mappings, so that there is one way only.
 */
function findOwner(schema: Schema, pointer: string): Schema {
  let found = schema;
  for (const step of stepsOf(pointer)) {
    const { properties, additionalProperties, items } = found as { readonly [keyword: string]: Schema | undefined };
    const next = properties && Object.hasOwn(properties, step) ? properties[step] : (items ?? additionalProperties);
    found = resolveReference((next ?? {}) as Schema, schema);
  }
  return found;
}

/** A definition, with what stands beside the reference, and with what holds where it is a mapping. */
function resolveReference(schema: Schema, root: Schema): Schema {
  const { $ref, then, ...beside } = schema;
  const own = { ...beside, ...(then as Schema | undefined) };
  const name = typeof $ref === 'string' ? $ref.slice('#/definitions/'.length) : '';
  const definition = (root.definitions as { readonly [name: string]: Schema })[name];
  return definition ? { ...resolveReference(definition, root), ...own } : own;
}

function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
