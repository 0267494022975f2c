import type { SpecNode } from '../spec/node.js';
import { type Block, BlockMap, blockMap } from '../spec/yaml-writer.js';

/** Something cannot be said in nixspec, or Goss itself refuses it. */
export class NotCarried extends Error {}

/** It would hold whatever there is. */
export class AssertsNothing extends Error {}

/** What Goss compares with: it converts by the type of what is expected, nixspec by that of the property. */
export type Kind =
  | 'boolean'
  | 'number'
  | 'status'
  | 'percentage'
  | 'string'
  | 'mode'
  | 'filetype'
  | 'list'
  | 'addresses'
  | 'text'
  | 'json';

export const emptyList = 'an empty list asserts nothing, in Goss too';

/** Where an expectation stands. */
export interface Site {
  readonly kind: Kind;
  /** All numbers are floats there. */
  readonly isJson: boolean;
  /** The value stands in the gossfile, too, and is of the same kinds as what it is compared with. */
  readonly isOwn?: true;
  differs(node: SpecNode, text: string): void;
  note(node: SpecNode, text: string): void;
  /** A variable without a value stands where this is needed. */
  wants(source: string, kind: Kind): void;
}

/** What is expected, for nixspec: a bare value, or matchers that must all hold. */
export type Expected = { readonly bare: Block } | { readonly all: readonly (readonly [string, Block])[] };

export function bare(value: Block): Expected {
  return { bare: value };
}

export function matcher(name: string, argument: Block): Expected {
  return { all: [[name, argument]] };
}

export function toBlock(expected: Expected): Block {
  return 'bare' in expected ? expected.bare : blockMap(expected.all);
}

/** All of them: in one mapping where no matcher is there twice, else under `and`. */
export function allOf(parts: readonly Expected[]): Expected {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const pairs = parts.flatMap((part) => ('all' in part ? part.all : []));
  const plain = parts.every((part) => 'all' in part) && new Set(pairs.map(([name]) => name)).size === pairs.length;
  return plain ? { all: pairs } : matcher('and', parts.map(toBlock));
}

/** `not: X`, and `X` again of `not: { not: X }` where that is the same. */
export function negate(part: Expected): Expected {
  return matcher('not', toBlock(part));
}

/** A node as it is, for what is not judged but passed on. */
export function blockOf(node: SpecNode): Block {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(blockOf);
  return new BlockMap(node.pairs.map(({ key, value }) => ({ key: key.source, value: blockOf(value) })));
}
