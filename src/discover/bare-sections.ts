import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model.js';
import { positionOf } from '../spec/mistake.js';
import { isEmpty, type Pair, pairsOf } from '../spec/node.js';
import type { SpecSource } from '../spec/read.js';

/** `unit: {}` or `unit:` with nothing behind it: how people begin a spec that is to be filled. */
export function isBare({ value }: Pair): boolean {
  return isEmpty(value) || (value.kind === 'map' && value.pairs.length === 0);
}

/** That a spec, or a section of it, says nothing yet is no mistake before it is filled. */
export function isYetToFill({ code, position }: Problem, { files }: SpecSource): boolean {
  if (code === 'empty-spec') return true;
  const bare = files.flatMap(({ root }) => pairsOf(root)).filter(isBare);
  return code === 'vacuous-entry' && bare.some(({ key }) => isDeepStrictEqual(positionOf(key), position));
}
