import { Composer } from 'yaml';
import type { Value } from './model.js';
import { deepestYaml, readYamlTokens } from './yaml-tokens.js';

/** Characters. The library takes some seconds for a megabyte of the right kind. */
const longest = 256 * 1024;
const mostDocuments = 1000;
/** Aliases may stand for other aliases: what they grow to, in nodes counted by the library, ends here. */
const mostAliases = 100;

/**
 * The data of a YAML text from a target, or why there is none; of several documents a list. Specs are read elsewhere,
 * with the places of all nodes. Never throws.
 */
export function parseYamlData(text: string): { readonly value: Value } | { readonly mistake: string } {
  if (text.length > longest) return { mistake: `it has more than ${longest / 1024} Ki characters` };
  try {
    const values = readDocuments(text);
    return { value: values.length === 1 ? (values[0] ?? null) : values };
  } catch (error) {
    return { mistake: firstLine(error) };
  }
}

/** @throws Error with what is wrong */
function readDocuments(text: string): Value[] {
  const composer = new Composer({ schema: 'core', uniqueKeys: false, logLevel: 'silent' });
  const values: Value[] = [];
  const tokens = readYamlTokens(text, () => new Error(`it nests deeper than ${deepestYaml} levels`));
  for (const document of composer.compose(tokens, true)) {
    if (values.length === mostDocuments) throw new Error(`it holds more than ${mostDocuments} documents`);
    if (document.errors[0]) throw document.errors[0];
    values.push(toJson(document.toJS({ maxAliasCount: mostAliases })));
  }
  return values;
}

/** What JSON does not have: infinity and its like become null, and all keys text. */
function toJson(value: unknown): Value {
  return JSON.parse(JSON.stringify(value ?? null)) as Value;
}

function firstLine(error: unknown): string {
  return error instanceof Error ? error.message.split('\n', 1)[0]?.replace(/:$/, '') || error.name : String(error);
}
