import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { stringify } from 'yaml';
import type { Value } from '../../src/model.js';
import { compileValidator, makeValidator, type Validator } from '../../src/spec/compile-validator.js';
import { composeSchema } from '../../src/spec/schema.js';
import type { Schema } from '../../src/spec/schema-type.js';
import { valueTypes } from '../../src/value.js';
import { checkSpec, matchers, resources, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

const root = new URL('../../', import.meta.url);
const schema = composeSchema(resources, matchers) as Schema;

t.test('the committed schema is what the tables give: `npm run generate`', async (t) => {
  const committed = readFileSync(new URL('schema/spec.json', root), 'utf8');
  t.ok(committed === `${JSON.stringify(schema, undefined, 2)}\n`, 'schema/spec.json is up to date');
});

t.test('the order of the tables does not matter', async (t) => {
  const turned = new Map([...resources].reverse());
  t.equal(JSON.stringify(composeSchema(turned, matchers)), JSON.stringify(schema));
});

t.test('every key has a description with an example', async (t) => {
  const definitions = schema.definitions as { readonly [name: string]: Schema };
  let keys = 0;
  // In a mapping of names to schemas a key is a name, be it that of a keyword.
  const walk = (node: unknown, path: string, ofNames = false): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const [at, item] of node.entries()) walk(item, `${path}/${at}`);
      return;
    }
    for (const [name, inner] of Object.entries(node)) {
      walk(inner, `${path}/${name}`, !ofNames && (name === 'properties' || name === 'definitions'));
    }
    if (ofNames) return;
    const { $comment, properties } = node as {
      readonly $comment?: string;
      readonly properties?: { [name: string]: Schema };
    };
    if (!properties || $comment === 'expect json') return;
    for (const [name, property] of Object.entries(properties)) {
      const { description } = {
        ...definitions[String(property.$ref ?? '').slice('#/definitions/'.length)],
        ...property,
      };
      keys += 1;
      if ($comment === 'keys defaults' && resources.has(name)) continue;
      t.match(description, /.. Example: ./, `${path}/${name}`);
    }
  };
  walk(schema, '#');
  t.ok(keys > 500, `${keys} keys`);
});

t.test('all references lead somewhere, and all expressions compile as editors compile them', async (t) => {
  const definitions = schema.definitions as { readonly [name: string]: Schema };
  JSON.stringify(schema, (key, value: unknown) => {
    if (key === '$ref') t.ok(Object.hasOwn(definitions, String(value).slice('#/definitions/'.length)), String(value));
    if (key === 'pattern' && typeof value === 'string') t.doesNotThrow(() => new RegExp(value, 'u'), value);
    return value;
  });
});

t.test('examples of properties, parameters and matchers are right', async (t) => {
  const example = (resource: string, subject: string, body: Record<string, Value>) =>
    specOf(stringify({ [resource]: subject === '' ? body : { [subject]: body } }));
  const specs: [name: string, text: string][] = [];
  for (const { name, subject, properties, params } of resources.values()) {
    const key = subject.none ? '' : subject.example;
    const needed = Object.fromEntries(
      Object.entries(params).flatMap(([param, { required, example: value }]) => (required ? [[param, value]] : [])),
    );
    for (const [property, { example: value, record }] of Object.entries(properties)) {
      specs.push([`${name}.${property}`, example(name, key, { ...needed, [property]: value })]);
      for (const [field, { example: inner }] of Object.entries(record ?? {})) {
        specs.push([`${name}.${property}.*.${field}`, example(name, key, { [property]: { one: { [field]: inner } } })]);
      }
    }
    for (const [param, { example: value }] of Object.entries(params)) {
      specs.push([`${name}.${param}`, example(name, key, { ...needed, [param]: value, exists: true })]);
    }
  }
  t.ok(specs.length > 150, `${specs.length} examples`);
  for (const [name, text] of specs) {
    const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': text }));
    t.strictSame(problems.map(sayProblem), [], name);
  }
  // A matcher's example is right for one of the types that it judges.
  const folder = t.testdir();
  const places = [...resources.values()].flatMap(({ name, subject, properties }) =>
    name === 'http' || name === 'mount'
      ? Object.keys(properties).map((property) => [name, subject.example, property] as const)
      : [],
  );
  for (const { name, example: value } of matchers.values()) {
    const checked = await Promise.all(
      places.map(async ([resource, subject, property], at) => {
        const text = example(resource, subject, { [property]: value });
        return checkSpec(writeFiles(folder, { [`${name}-${at}.yaml`]: text }));
      }),
    );
    const right = checked.some(({ problems }) => problems.length === 0);
    t.ok(right, name);
  }
});

t.test('the specs of the documentation are valid under the schema and can be read', async (t) => {
  const folder = new URL('specs/', root);
  const env = new Proxy({}, { get: () => '/somewhere' });
  const vars = { 'staging-peer': 'a', 'production-peer': 'b' };
  const files = readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((file) => file.endsWith('.yaml'));
  t.ok(files.some((file) => file.startsWith('servers/')));
  for (const file of files) {
    const { problems, entries } = await checkSpec(new URL(file, folder).pathname, { env, vars });
    t.strictSame(problems.map(sayProblem), [], file);
    for (const [target, list] of entries) t.ok(list.length > 0, `${file}: entries for ${target}`);
  }
});

t.test('the compiled validator says what the schema says', async (t) => {
  const file = `${t.testdir()}/validator.mjs`;
  writeFileSync(file, compileValidator(schema));
  const compiled = ((await import(pathToFileURL(file).href)) as { default: Validator }).default;
  const plain = makeValidator(schema);
  const target = { a: { local: true } };
  const documents: readonly (readonly [document: unknown, errors: number])[] = [
    [{ version: 1, targets: target, unit: { nginx: { active: true } } }, 0],
    [{ version: 1, targets: target, unit: { nginx: { active: 'maybe' } } }, 1],
    [{ version: 1, targets: target, unit: { nginx: { actve: true, restarts: { gee: 1 } } } }, 2],
    [{ version: 1, targets: target, unit: { 'a b': { active: true } } }, 2],
    [{ targets: target }, 1],
    [{ version: 1, targets: target, http: { 'https://a/': { headers: { a: { have: 1 } } } } }, 1],
  ];
  for (const [document, errors] of documents) {
    const say = (validate: Validator) => {
      validate(document);
      return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
    };
    t.strictSame(say(compiled), say(plain));
    t.equal(say(plain).length, errors, JSON.stringify(document));
  }
});

t.test('every value type has definitions', async (t) => {
  const definitions = schema.definitions as { readonly [name: string]: Schema };
  for (const type of Object.keys(valueTypes)) {
    t.ok(definitions[`literal-${type}`], type);
    t.ok(definitions[`expect-${type}`], type);
  }
});
