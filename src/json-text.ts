import type { Value } from './model.js';

/** Levels; deeper than any honest document. */
const deepest = 200;

export const tooDeep = `it nests deeper than ${deepest} levels`;

/** Text as JSON, or why it is none. Never throws. */
export function parseJson(text: string): { readonly value: Value } | { readonly mistake: string } {
  try {
    const value = JSON.parse(text) as Value;
    return isTooDeep(value) ? { mistake: tooDeep } : { value };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * True for what a target could make up to exhaust the stack of whoever walks through it: JSON.parse takes any depth,
 * JSON.stringify does not.
 */
export function isTooDeep(value: unknown, left = deepest): boolean {
  if (value === null || typeof value !== 'object') return false;
  return left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1));
}
