import type { Edit } from '../lint-rule.js';
import type { Definition } from './uses.js';

/**
 * Takes a pair out of a mapping in block style, with its lines. Nothing else is touched: what shares a line with something,
 * has a comment in or right above it, or an anchor in it, stays.
 * @returns no edit where it stays
 */
export function removePair({ key, value, within, file }: Definition): readonly Edit[] {
  const { text } = file;
  if (text[within.start] === '{' || value.start < key.end) return [];
  const start = text.lastIndexOf('\n', key.start - 1) + 1;
  // A block ends at the beginning of the line after it.
  const last = value.end > key.end && text[value.end - 1] === '\n' ? value.end - 1 : value.end;
  const newline = text.indexOf('\n', last);
  const end = newline < 0 ? text.length : newline + 1;
  const before = text.slice(text.lastIndexOf('\n', start - 2) + 1, start);
  const own = text.slice(start, end);
  const isAlone = text.slice(start, key.start).trim() === '' && text.slice(last, end).trim() === '';
  if (!isAlone || /#|&/.test(own) || /^\s*#/.test(before)) return [];
  return [{ file, start, end, text: '' }];
}
