// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import type { Matchers } from '../matcher.js';
import type { ValueTypeName } from '../model.js';
import { existsProperty, type Param, type Property, type Resource, type Resources } from '../resource.js';
import {
  defaultKeys,
  entryKeys,
  type KeyForm,
  type Keys,
  secretKeys,
  sshForm,
  sshKeys,
  stateKeys,
  targetKeys,
  topKeys,
  vmKeys,
  waiveKeys,
} from './keys.js';
import type { LiteralForm } from './literal.js';
import { describe, entrySnippet } from './schema-text.js';
import {
  expectationName,
  expectationSchemas,
  literalName,
  literalSchemas,
  mapExpectation,
  namesName,
  namesSchemas,
  onlyVariable,
  perTargetSchema,
  type Schema,
  variable,
  wordsName,
  wordsSchemas,
} from './schema-type.js';

/**
 * The JSON Schema of specs (draft-07), made from the tables: what editors load, and what the shape of a spec is checked
 * by. Of the ways to say "a literal or a mapping" one keyword set for both was chosen, since `anyOf` and `if` give an
 * editor several messages for one mistake. `$comment` says what a mapping is, for our own messages.
 */
export function composeSchema(resources: Resources, matchers: Matchers): object {
  const all = [...resources.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'nixspec/spec-1.json',
    title: 'nixspec',
    description: 'What "works" means for a NixOS server. Version 1 of the language.',
    $comment: 'spec',
    type: 'object',
    required: ['version'],
    additionalProperties: false,
    properties: {
      ...topProperties(all),
      ...Object.fromEntries(all.map((resource) => [resource.name, sectionOf(resource)])),
    },
    definitions: {
      ...Object.fromEntries(all.map((resource) => [`entry-${resource.name}`, entryOf(resource)])),
      ...Object.fromEntries(all.flatMap((resource) => mapsOf(matchers, resource))),
      ...expectationSchemas(matchers, listElementTypes(all)),
      ...literalSchemas(),
      ...wordsSchemas(listWords(all), matchers),
      ...namesSchemas(),
      target: targetSchema(),
      ssh: { ...keysSchema('ssh', sshKeys), ...destination },
      // Beside a reference to it editors would not heed the pattern.
      vm: { ...keysSchema('vm', vmKeys), ...onlyVariable('a mapping such as { flake: ".#web" }') },
      waive: keysSchema('waive', waiveKeys),
      state: { ...keysSchema('state', stateKeys), ...onlyVariable('a mapping such as { zfs: tank/files }') },
      secret: { ...keysSchema('secret', secretKeys), ...onlyVariable('a mapping such as { env: DB_PASSWORD }') },
    },
  };
}

const variableName: Schema = {
  pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$',
  patternErrorMessage: 'the name of a variable is letters, digits and _ . -',
  $comment: 'variable',
};

/** What one types after `ssh`, as far as a pattern can say. */
const destination: Schema = {
  pattern: `^[^\\s-]\\S*$|${variable}`,
  patternErrorMessage: 'expected what one types after `ssh`: a host, user@host, an alias, or ssh://user@host:port',
};

/** What lists hold beside strings. */
function listElementTypes(resources: readonly Resource[]): ReadonlySet<ValueTypeName> {
  const tables = resources.flatMap(({ properties }) => [
    properties,
    ...Object.values(properties).map(({ record }) => record ?? {}),
  ]);
  const lists = tables.flatMap((table): Property[] => Object.values(table)).filter(({ type }) => type === 'list');
  return new Set(lists.flatMap(({ values }) => values ?? []));
}

/** Every list of words that something can only be. */
function listWords(resources: readonly Resource[]): readonly (readonly string[])[] {
  const tables = resources.flatMap(({ properties, params }) => [
    params,
    properties,
    ...Object.values(properties).map(({ record }) => record ?? {}),
  ]);
  const forms = [entryKeys, vmKeys, targetKeys, ...tables].flatMap((table): LiteralForm[] => Object.values(table));
  return forms.flatMap(({ words }) => (words ? [words] : []));
}

function topProperties(resources: readonly Resource[]): Schema {
  const text = (key: string) => describe({ summary: '', example: null, ...topKeys[key] }, key);
  return {
    version: { ...text('version'), const: 1 },
    vars: {
      ...text('vars'),
      type: 'object',
      propertyNames: variableName,
    },
    secrets: { ...text('secrets'), ...secretsSchema() },
    state: { ...text('state'), ...stateSchema() },
    targets: {
      ...text('targets'),
      type: 'object',
      propertyNames: {
        pattern: '^(?!default$)[A-Za-z0-9][A-Za-z0-9._-]*$',
        patternErrorMessage: 'the name of a target is letters, digits and . _ -, but not "default"',
        $comment: 'target',
      },
      additionalProperties: { $ref: '#/definitions/target' },
      defaultSnippets: [
        { label: 'a server', body: { '${1:production}': { ssh: '${2:root@web.example.org}' } } },
        { label: 'a staging VM', body: { '${1:vm}': { vm: { flake: '${2:.#web}' } } } },
      ],
    },
    include: { ...text('include'), type: ['array', 'string'], items: { type: 'string' }, $comment: 'list' },
    defaults: {
      ...text('defaults'),
      $comment: 'keys defaults',
      type: 'object',
      additionalProperties: false,
      properties: { ...keyProperties(defaultKeys), ...Object.fromEntries(resources.map(defaultsOf)) },
    },
  };
}

function secretsSchema(): Schema {
  return {
    $comment: 'secrets',
    type: 'object',
    propertyNames: {
      ...variableName,
      patternErrorMessage: 'the name of a secret is letters, digits and _ . -',
      $comment: 'secret',
    },
    additionalProperties: { $ref: '#/definitions/secret' },
    defaultSnippets: [
      { label: 'from the environment', body: { '${1:DB_PASSWORD}': { env: '${1:DB_PASSWORD}' } } },
      { label: 'from a command', body: { '${1:DB_PASSWORD}': { command: '${2:pass show db}' } } },
    ],
  };
}

function stateSchema(): Schema {
  return {
    $comment: 'state',
    type: 'object',
    propertyNames: {
      pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$',
      patternErrorMessage: 'the name of a copy is letters, digits and _ -',
      $comment: 'state',
    },
    additionalProperties: { $ref: '#/definitions/state' },
    defaultSnippets: [
      { label: 'a btrfs subvolume', body: { '${1:database}': { btrfs: '${2:/var/lib/postgresql}' } } },
      { label: 'a ZFS data set', body: { '${1:files}': { zfs: '${2:tank/files}' } } },
      {
        label: 'a dump',
        body: { '${1:database}': { dump: '${2:pg_dumpall}', into: '${3:/var/backup}', user: '${4:postgres}' } },
      },
    ],
  };
}

function defaultsOf(resource: Resource): [string, Schema] {
  return [
    resource.name,
    {
      description: `Defaults for entries of ${resource.name}`,
      $comment: `keys ${resource.name}`,
      type: 'object',
      additionalProperties: false,
      properties: { ...keyProperties(resource.params), ...keyProperties(defaultKeys) },
    },
  ];
}

function sectionOf(resource: Resource): Schema {
  const { name, subject, summary } = resource;
  const text = describe({ summary, example: exampleSection(resource) }, name);
  if (subject.none) return { ...text, $ref: `#/definitions/entry-${name}` };
  return {
    ...text,
    $comment: 'section',
    type: ['object', 'string'],
    pattern: variable,
    errorMessage: `expected a mapping of subjects to what is expected of them, such as ${subject.example}`,
    ...(subject.pattern && {
      propertyNames: {
        pattern: `(?:${subject.pattern.source})|${variable}`,
        patternErrorMessage: subject.mistake ?? `expected ${subject.summary}`,
        $comment: `subject ${name}`,
      },
    }),
    additionalProperties: { $ref: `#/definitions/entry-${name}` },
    defaultSnippets: [{ label: `${name}: ${subject.example}`, description: summary, body: entrySnippet(resource) }],
  };
}

function exampleSection({ subject, properties }: Resource) {
  const [first] = Object.entries(properties);
  const body = first ? { [first[0]]: first[1].example } : { exists: true };
  return subject.none ? body : { [subject.example]: body };
}

function entryOf({ name, subject, properties, params }: Resource): Schema {
  const asserted = Object.entries({ ...properties, exists: existsProperty }).map(([key, property]) => [
    key,
    propertySchema(name, key, property),
  ]);
  return {
    description: subject.none ? `Assertions about ${subject.summary.toLowerCase()}` : `Assertions about one ${name}`,
    $comment: `entry ${name}`,
    type: ['object', 'string'],
    ...onlyVariable('a mapping of what is expected'),
    additionalProperties: false,
    properties: { ...Object.fromEntries(asserted), ...keyProperties(params), ...entryKeyProperties() },
  };
}

function entryKeyProperties(): Schema {
  return {
    ...keyProperties(entryKeys),
    waive: {
      ...describe(entryKeys.waive, 'waive'),
      pattern: variable,
      patternErrorMessage: 'expected a mapping of reason and until',
      $ref: '#/definitions/waive',
    },
    'for-each': {
      ...describe(entryKeys['for-each'], 'for-each'),
      type: ['object', 'string'],
      ...onlyVariable('a mapping of names to lists of values'),
      propertyNames: { ...variableName, pattern: '^[A-Za-z_][A-Za-z0-9_-]*$' },
      additionalProperties: { type: ['array', 'string'], $comment: 'list' },
    },
  };
}

function propertySchema(owner: string, key: string, property: Property): Schema {
  const text = describe(property, key);
  const { type } = property;
  const definition = property.words
    ? wordsName('expect', property.words)
    : type === 'map'
      ? mapName(owner, key)
      : expectationName(property);
  return { ...text, $ref: `#/definitions/${definition}` };
}

/** One definition for each map property, and one for its records. */
function mapsOf(matchers: Matchers, { name: owner, properties }: Resource): [string, Schema][] {
  return Object.entries(properties).flatMap(([key, { type, values, record }]): [string, Schema][] => {
    if (type !== 'map') return [];
    const name = mapName(owner, key);
    const one = `${name}-one`;
    const inner = record ? one : expectationName({ type: values ?? 'string' });
    const map: [string, Schema] = [name, mapExpectation(name, matchers, { $ref: `#/definitions/${inner}` })];
    return record ? [map, [one, recordSchema(owner, key, record, one)]] : [map];
  });
}

function mapName(owner: string, key: string): string {
  return `map-${owner}-${key}`;
}

function recordSchema(owner: string, key: string, record: { readonly [name: string]: Property }, one: string): Schema {
  const fields = Object.entries(record).map(([name, field]) => [name, propertySchema(owner, name, field)]);
  return {
    $comment: `entry ${key}`,
    type: ['object', 'string'],
    ...onlyVariable('a mapping of what is expected'),
    additionalProperties: false,
    properties: { ...Object.fromEntries(fields), 'per-target': perTargetSchema('map', one) },
  };
}

function keyProperties(keys: Keys | { readonly [name: string]: Param }): Schema {
  return Object.fromEntries(Object.entries(keys).map(([key, form]) => [key, keySchema(key, form)]));
}

function keySchema(key: string, form: LiteralForm & Pick<KeyForm, 'summary' | 'example' | 'names'>): Schema {
  if (form.form) return { ...describe(form, key), ...formSchema(form.form, form.example) };
  const definition = form.words
    ? wordsName('literal', form.words)
    : form.names
      ? namesName(form.names, form.type)
      : literalName(form.type);
  return { ...describe(form, key), $ref: `#/definitions/${definition}` };
}

function formSchema({ pattern, expects }: NonNullable<LiteralForm['form']>, example: Param['example']): Schema {
  return {
    $comment: 'literal string',
    type: 'string',
    examples: [example],
    pattern: `(?:${pattern.source})|${variable}`,
    patternErrorMessage: `expected ${expects}`,
  };
}

function keysSchema(name: string, keys: Keys): Schema {
  return {
    $comment: `keys ${name}`,
    type: ['object', 'string'],
    additionalProperties: false,
    properties: keyProperties(keys),
  };
}

function targetSchema(): Schema {
  const ssh = { ...sshForm, example: { host: 'web.example.org', user: 'root', port: 2222 } };
  return {
    description: 'How a machine is reached: exactly one of ssh, local and vm',
    $comment: 'keys target',
    type: 'object',
    additionalProperties: false,
    properties: {
      ssh: { ...describe(ssh, 'ssh'), examples: [sshForm.example], $ref: '#/definitions/ssh' },
      vm: {
        ...describe({ summary: 'A staging VM, built and booted for the run', example: { flake: '.#web' } }, 'vm'),
        $ref: '#/definitions/vm',
      },
      ...keyProperties(targetKeys),
      vars: {
        ...describe(
          { summary: 'Variables of this target, before those of files', example: { issuer: 'minica' } },
          'vars',
        ),
        type: 'object',
        propertyNames: variableName,
      },
      secrets: {
        ...describe(
          { summary: 'Secrets of this target, before those of files', example: { TOKEN: { file: 'staging.token' } } },
          'secrets',
        ),
        ...secretsSchema(),
      },
    },
  };
}
