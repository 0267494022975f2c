import type { ScalarNode, SpecNode } from '../spec/node.js';

/**
 * A scalar as Goss's YAML library reads it, which still knows numbers of YAML 1.1: `0644` is 420, `1_000` is 1000. Words
 * such as `yes` are texts, for what stands under an attribute.
 */
export function readGoScalar({ value, source }: ScalarNode): null | boolean | number | string {
  if (typeof value === 'number') return isOldOctal(source) ? Number.parseInt(source.replace('_', ''), 8) : value;
  // Quotes are not told apart from the characters: what looks like such a number in quotes is not worth the trouble.
  return value;
}

/** `0644`: Goss takes it for 420. */
export function isOldOctal(source: string): boolean {
  return /^[-+]?0[0-7]+$/.test(source);
}

export function isTrueNode(node: SpecNode | undefined): boolean {
  if (node?.kind !== 'scalar') return false;
  return node.value === true || /^(y|yes|on|true)$/i.test(node.source);
}

/** An attribute that Goss takes for not there. */
export function isNothing(node: SpecNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}
