import { namesName, type Schema } from './schema-type.js';

/** What a spec itself defines. */
export interface SpecNames {
  readonly targets: readonly string[];
  readonly tags: readonly string[];
}

/**
 * The schema for one spec: editors offer its own targets and tags too. It forbids nothing more than the schema of all specs, since
 * names may be new, or be defined in another file.
 */
export function knowNames(schema: Schema, { targets, tags }: SpecNames): Schema {
  const branches = offerBranches(schema, targets) as Schema;
  const definitions = branches.definitions as { readonly [name: string]: Schema };
  const offer = (what: 'target' | 'tag', names: readonly string[]) => {
    const name = namesName(what, 'string');
    return { [name]: { ...definitions[name], examples: names } };
  };
  return { ...branches, definitions: { ...definitions, ...offer('target', targets), ...offer('tag', tags) } };
}

/** `per-target` takes any name, each with the same beneath it. */
function offerBranches(node: unknown, targets: readonly string[]): unknown {
  if (Array.isArray(node)) return node.map((item) => offerBranches(item, targets));
  if (node === null || typeof node !== 'object') return node;
  const schema = node as Schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, offerBranches(value, targets)]));
  if (schema.$comment !== 'branches') return inner;
  const properties = Object.fromEntries([...targets, 'default'].map((name) => [name, schema.additionalProperties]));
  return { ...inner, properties };
}
