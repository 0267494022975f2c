import { mistakeAt } from './mistake.js';
import { mostNodes, type Pair, pairsOf, type SpecNode, showNode, valueAt } from './node.js';
import type { Reader } from './per-target.js';
import { referencesOf, type Variables } from './variables.js';

/** One entry may become so many; more is a mistake in the lists. */
const mostEntries = 10_000;

const namePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * The variables of each entry that a pair stands for: those of `for-each`, in every combination, on top of all others.
 * Without `for-each` it is one entry.
 *
 * @returns none after a mistake was told
 */
export function readScopes({ key, value: body }: Pair, reader: Reader): readonly Variables[] {
  const written = valueAt(body, 'for-each');
  if (!written) return [reader.variables];
  const names = reader.variables.resolve(written);
  if (!names) return [];
  if (names.kind !== 'map' || names.pairs.length === 0) {
    const hint = 'for example for-each: { host: [git, wiki] }';
    const message = `expected a mapping of names to lists of values, not ${showNode(names)}`;
    reader.report(mistakeAt(names.kind === 'map' ? 'vacuous-entry' : 'wrong-type', message, names, hint));
    return [];
  }
  const lists = names.pairs.map((pair) => readList(pair, reader));
  const used = new Set([...referencesOf(key), ...pairsOf(body).flatMap((pair) => referencesOf(pair.value))]);
  for (const pair of names.pairs) tellUnused(pair, used, reader);
  const count = lists.reduce((product, list) => product * list.length, 1);
  if (count > mostEntries || count * body.size > mostNodes) {
    reader.report(mistakeAt('too-large', `\`for-each\` makes ${count} entries of this one`, names));
    return [];
  }
  return combine(lists).map((values) => reader.variables.with(new Map(values.flatMap(nameValues))));
}

type Named = readonly [string, SpecNode];

function readList({ key, value }: Pair, { variables, report }: Reader): readonly Named[] {
  const list = variables.resolveAll(value);
  if (!list) return [];
  if (!namePattern.test(key.source)) {
    report(mistakeAt('bad-variable', `${JSON.stringify(key.source)} cannot be the name of a variable`, key));
  } else if (list.kind !== 'list') {
    const message = `expected a list of values for ${JSON.stringify(key.source)}, not ${showNode(list)}`;
    report(mistakeAt('wrong-type', message, list));
  } else if (list.items.length === 0) {
    const message = `\`for-each\` has no values for ${JSON.stringify(key.source)}, so that nothing is asserted`;
    report(mistakeAt('vacuous-entry', message, list));
  } else {
    return list.items.map((item): Named => [key.source, item]);
  }
  return [];
}

function tellUnused({ key }: Pair, used: ReadonlySet<string>, { report }: Reader): void {
  const isUsed = [...used].some((name) => name === key.source || name.startsWith(`${key.source}.`));
  if (isUsed || !namePattern.test(key.source)) return;
  const message = `nothing in the entry says \${${key.source}}, so that all its values mean the same`;
  report(mistakeAt('bad-variable', message, key));
}

/** Every combination, the last list changing fastest. */
function combine(lists: readonly (readonly Named[])[]): readonly (readonly Named[])[] {
  return lists.reduce<readonly (readonly Named[])[]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  );
}

/** A mapping also gives what is in it: `${site.name}`. */
function nameValues([name, value]: Named): readonly Named[] {
  return [[name, value], ...pairsOf(value).flatMap((pair) => nameValues([`${name}.${pair.key.source}`, pair.value]))];
}
