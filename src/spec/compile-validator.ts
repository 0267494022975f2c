import { createRequire } from 'node:module';
import type { ErrorObject } from 'ajv';
import type { Schema } from './schema-type.js';

/** Says whether a spec has the shape of the schema; what is wrong then stands in `errors`. */
export interface Validator {
  (spec: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

/** Keywords that are for editors and for our own messages. */
const annotations = [
  'defaultSnippets',
  'markdownDescription',
  'patternErrorMessage',
  'errorMessage',
  'deprecationMessage',
];

/**
 * The text of a module whose default export is the validator of a schema. The build writes it beside this file: loading
 * it takes some 10 ms, where ajv takes 40 to load and 200 to compile the schema.
 */
export function compileValidator(schema: object): string {
  const require = createRequire(import.meta.url);
  const standalone = require('ajv/dist/standalone').default as typeof import('ajv/dist/standalone/index.js')['default'];
  const ajv = makeAjv({ code: { source: true, esm: true, lines: true } });
  const text = standalone(ajv as never, ajv.compile(simplify(schema as Schema)) as never);
  // Then a keyword was used whose code needs ajv at run time: `uniqueItems`, `minLength`, `format` …
  if (text.includes('require(')) throw new Error('the compiled validator would need ajv at run time');
  return `// Made from the tables by the build.\n${text}`;
}

/** The same without a build: for tests that run from the sources. */
export function makeValidator(schema: object): Validator {
  return makeAjv({}).compile(simplify(schema as Schema)) as Validator;
}

/** Keywords that are for people and editors only. */
const texts: ReadonlySet<string> = new Set(['description', 'markdownDescription', '$comment', 'title', ...annotations]);

/**
 * The same schema for less code: without texts, with what holds of mappings beside the rest (`then` stands for editors
 * only), and with references that lead to nothing but a reference shortened.
 */
function simplify(schema: Schema): Schema {
  const plain = simplifyNode(schema);
  const definitions = plain.definitions as { readonly [name: string]: Schema };
  const follow = (reference: string): string => {
    const { $ref, ...beside } = definitions[reference.slice('#/definitions/'.length)] ?? {};
    return typeof $ref === 'string' && Object.keys(beside).length === 0 ? follow($ref) : reference;
  };
  return JSON.parse(
    JSON.stringify(plain, (key, value: unknown) =>
      key === '$ref' && typeof value === 'string' ? follow(value) : value,
    ),
  ) as Schema;
}

function simplifyNode({ if: _, then, ...schema }: Schema): Schema {
  const whole = { ...schema, ...(then as Schema | undefined) };
  const kept = Object.entries(whole).filter(
    ([keyword, value]) =>
      !((texts.has(keyword) && !isSchema(value)) || keyword === 'defaultSnippets' || keyword === 'examples'),
  );
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, isSchema(value) ? simplifyNode(value) : value]));
}

/** A property may be called `description` or `title`; what stands there is a schema then. */
function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function makeAjv(options: object) {
  const require = createRequire(import.meta.url);
  const { Ajv } = require('ajv') as typeof import('ajv');
  const ajv = new Ajv({
    allErrors: true,
    strictTypes: false,
    allowUnionTypes: true,
    messages: false,
    inlineRefs: false,
    ...options,
  });
  ajv.addVocabulary(annotations);
  return ajv;
}
