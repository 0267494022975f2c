import type { Value } from './model.js';
import { splitLines } from './text.js';

/** Levels; deeper than any honest document. */
const deepest = 200;

export const tooDeep = `it nests deeper than ${deepest} levels`;

/** Text as JSON, or why it is none. Never throws. */
export function parseJson(text: string): { readonly value: Value } | { readonly mistake: string } {
  try {
    const value = JSON.parse(text) as Value;
    return isTooDeep(value) ? { mistake: tooDeep } : { value };
  } catch (error) {
    return { mistake: sayMistake(error) };
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

/** Without the text itself, which versions of Node quote in ways of their own. */
function sayMistake(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, '').replace(/ \(line \d+ column \d+\)$/, '');
}

/** Text with a JSON document in each line, empty ones aside, as a list of them; or why it is none. Never throws. */
export function parseJsonLines(text: string): { readonly value: Value } | { readonly mistake: string } {
  const values: Value[] = [];
  for (const [at, line] of splitLines(text).entries()) {
    if (line.trim() === '') continue;
    const parsed = parseJson(line);
    if ('mistake' in parsed) return { mistake: `line ${at + 1}: ${parsed.mistake}` };
    values.push(parsed.value);
  }
  return { value: values };
}
