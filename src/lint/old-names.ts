import { currentName, type Property, type Resource, type Resources } from '../resource.js';
import { type Pair, pairsOf, type ScalarNode, type SpecFile, type SpecNode, valueAt } from '../spec/node.js';

/** A key that has another name now. */
export interface OldName {
  readonly key: ScalarNode;
  readonly current: string;
  /** Whose it is: `` `unit` ``, or the map that it is a field of. */
  readonly owner: string;
  /** What stands beside it. */
  readonly within: readonly Pair[];
}

type Table = { readonly [name: string]: Pick<Property, 'deprecated' | 'record'> };

/** All old names of a file: in entries, in the records of their maps, and in `defaults`. */
export function listOldNames(file: SpecFile, resources: Resources): readonly OldName[] {
  const defaults = valueAt(file.root, 'defaults');
  return [...resources.values()].filter(hasOldNames).flatMap((resource) => {
    const section = valueAt(file.root, resource.name);
    const bodies = resource.subject.none ? [section] : pairsOf(section).map(({ value }) => value);
    const { name, properties, params } = resource;
    return [
      ...bodies.flatMap((body) => findIn(body, { ...params, ...properties }, name)),
      ...findIn(valueAt(defaults, name), params, name),
    ];
  });
}

/** Hardly any has: then its entries need not be gone through. */
function hasOldNames({ properties, params }: Resource): boolean {
  const tables: readonly Table[] = [params, properties, ...Object.values(properties).map(({ record = {} }) => record)];
  return tables.some((table) => Object.values(table).some(({ deprecated }) => deprecated !== undefined));
}

function findIn(body: SpecNode | undefined, table: Table, owner: string): readonly OldName[] {
  const within = pairsOf(body);
  return within.flatMap(({ key, value }) => {
    const current = currentName(table, key.source);
    const record = Object.hasOwn(table, key.source) ? table[key.source]?.record : undefined;
    const inner = record ? pairsOf(value).flatMap((one) => findIn(one.value, record, current)) : [];
    return current === key.source ? inner : [{ key, current, owner: `\`${owner}\``, within }, ...inner];
  });
}
