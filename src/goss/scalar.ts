import type { ScalarNode, SpecNode } from '../spec/node.js';

/**
 * A scalar as Goss's YAML library reads it, which still knows octal numbers of YAML 1.1: `0644` is 420. Words such as
 * `yes` are texts to both, where they stand under an attribute that is judged.
 */
export function readGoScalar({ value, source }: ScalarNode): null | boolean | number | string {
  return typeof value === 'number' && isOldOctal(source) ? Number.parseInt(source, 8) : value;
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
