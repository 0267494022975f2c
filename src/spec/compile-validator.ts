import { createRequire } from 'node:module';
import type { ErrorObject } from 'ajv';

/** Says whether a spec has the shape of the schema; what is wrong then stands in `errors`. */
export interface Validator {
  (spec: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

/** Keywords that are for editors and for our own messages. */
const annotations = ['defaultSnippets', 'markdownDescription', 'patternErrorMessage', 'errorMessage'];

/**
 * The text of a module whose default export is the validator of a schema. The build writes it beside this file: loading
 * it takes some 10 ms, where ajv takes 40 to load and 200 to compile the schema.
 */
export function compileValidator(schema: object): string {
  const require = createRequire(import.meta.url);
  const standalone = require('ajv/dist/standalone').default as typeof import('ajv/dist/standalone/index.js')['default'];
  const ajv = makeAjv({ code: { source: true, esm: true, lines: true } });
  const text = standalone(ajv as never, ajv.compile(withoutTexts(schema)) as never);
  // Then a keyword was used whose code needs ajv at run time: `uniqueItems`, `minLength`, `format` …
  if (text.includes('require(')) throw new Error('the compiled validator would need ajv at run time');
  return `// Made from the tables by the build.\n${text}`;
}

/** The same without a build: for tests that run from the sources. */
export function makeValidator(schema: object): Validator {
  return makeAjv({}).compile(schema) as Validator;
}

/** What is for people only would make up most of the module. */
function withoutTexts(schema: object): object {
  const texts = new Set(['description', 'markdownDescription', 'defaultSnippets', 'examples', '$comment']);
  const entries = Object.entries(schema).filter(([keyword, value]) => !(texts.has(keyword) && isText(keyword, value)));
  return Object.fromEntries(entries.map(([keyword, value]) => [keyword, stripped(value)]));

  function stripped(value: unknown): unknown {
    if (Array.isArray(value)) return value;
    return typeof value === 'object' && value !== null ? withoutTexts(value) : value;
  }
}

/** A property may be called `description`; it is a schema then. */
function isText(keyword: string, value: unknown): boolean {
  return (
    typeof value === 'string' || (Array.isArray(value) && (keyword === 'defaultSnippets' || keyword === 'examples'))
  );
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
