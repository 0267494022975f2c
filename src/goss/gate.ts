import type { SpecNode } from '../spec/node.js';
import { readGoScalar } from './scalar.js';
import { anyMark } from './template-run.js';

/**
 * Which of true and false would do for Goss.
 * @returns undefined where that cannot be told: a variable, a matcher that is none of these
 */
export function acceptedBooleans(node: SpecNode): readonly boolean[] | undefined {
  const verdicts = [true, false].map((value) => accepts(node, value));
  return verdicts.includes(undefined) ? undefined : [true, false].filter((_, at) => verdicts[at]);
}

function accepts(node: SpecNode, value: boolean): boolean | undefined {
  if (node.kind === 'list') return false;
  if (node.kind === 'scalar') {
    const wanted = readGoScalar(node);
    if (anyMark.test(node.source)) return undefined;
    return wanted === value || wanted === String(value);
  }
  const [pair, ...more] = node.pairs;
  if (!pair || more.length > 0) return undefined;
  const { key, value: argument } = pair;
  if (key.source === 'equal') return argument.kind === 'scalar' && argument.value === value;
  if (key.source === 'not') return negate(accepts(argument, value));
  if ((key.source === 'and' || key.source === 'or') && argument.kind === 'list') {
    const parts = argument.items.map((item) => accepts(item, value));
    if (parts.includes(undefined)) return undefined;
    return key.source === 'and' ? parts.every((part) => part === true) : parts.includes(true);
  }
  return undefined;
}

function negate(verdict: boolean | undefined): boolean | undefined {
  return verdict === undefined ? undefined : !verdict;
}
