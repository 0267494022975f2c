import type { Value } from '../model.js';
import type { Written } from '../value.js';

/** One file of a spec. `root` is missing where its text could not be read as YAML. */
export interface SpecFile {
  /** As people know it: relative to where they are. */
  readonly name: string;
  /** Absolute; empty for standard input. */
  readonly path: string;
  /** Absolute folder that paths and includes in it are relative to. */
  readonly folder: string;
  readonly text: string;
  /** Offsets at which its lines begin. */
  readonly lines: readonly number[];
  readonly root?: MapNode;
  /** The file that includes it; the first one, where there are several. */
  readonly includedBy?: SpecFile;
}

/** Where something stands: offsets into the text of a file. */
export interface Place {
  readonly file: SpecFile;
  readonly start: number;
  readonly end: number;
}

export interface ScalarNode extends Place {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
  /** The very characters (of a quoted scalar: what the quotes hold): `0644`, `1.10`, `yes`. */
  readonly source: string;
  readonly size: 1;
  /** Its variables were put in, or it came from outside: a `${` in it is text. */
  readonly final?: true;
  /** A secret is in it. */
  readonly secret?: true;
}

export interface ListNode extends Place {
  readonly kind: 'list';
  readonly items: readonly SpecNode[];
  /** Number of nodes in it, with what aliases lead to counted each time. */
  readonly size: number;
}

export interface MapNode extends Place {
  readonly kind: 'map';
  readonly pairs: readonly Pair[];
  readonly size: number;
}

export interface Pair {
  readonly key: ScalarNode;
  readonly value: SpecNode;
}

/**
 * A spec as it was written: YAML with aliases and merge keys followed, every node with its place. Aliases share nodes, so
 * that a bomb stays small; whoever walks a tree relies on `size`, which is bounded when the tree is made.
 */
export type SpecNode = ScalarNode | ListNode | MapNode;

/** The most nodes of one tree, aliases counted each time. A spec of 10,000 entries has some 60,000. */
export const mostNodes = 1_000_000;

/** The value of a key of a mapping; undefined where there is none or the node is no mapping. */
export function valueAt(node: SpecNode | undefined, key: string): SpecNode | undefined {
  return pairOf(node, key)?.value;
}

export function pairOf(node: SpecNode | undefined, key: string): Pair | undefined {
  return node?.kind === 'map' ? node.pairs.find((pair) => pair.key.source === key) : undefined;
}

export function pairsOf(node: SpecNode | undefined): readonly Pair[] {
  return node?.kind === 'map' ? node.pairs : [];
}

/** Nothing was written: `key:` with no value, or `null`. */
export function isEmpty(node: SpecNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** As plain data. Aliases share objects. */
export function plainOf(node: SpecNode): Value {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  const object: Record<string, Value> = {};
  for (const { key, value } of node.pairs) setKey(object, key.source, plainOf(value));
  return object;
}

/** Also for keys such as `__proto__`, which would else be something other than a key. */
export function setKey<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true });
  else object[key] = value;
}

/** What a value type reads. */
export function writtenOf(node: SpecNode): Written {
  if (node.kind === 'scalar') return { value: node.value, source: node.source };
  if (node.kind === 'list') return { value: plainOf(node), items: node.items.map(writtenOf) };
  return { value: plainOf(node) };
}

/** A node as people see it in a message: shortened, on one line. */
export function showNode(node: SpecNode): string {
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : 'a list';
  if (node.kind === 'map') return node.pairs.length === 0 ? 'an empty mapping' : 'a mapping';
  if (node.value === null) return 'nothing';
  if (node.source.length > 60) return `${JSON.stringify(node.source.slice(0, 50))}…`;
  return typeof node.value === 'string' ? JSON.stringify(node.value) : node.source;
}
