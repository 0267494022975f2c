import type { Value, ValueTypeName } from './model.js';

/** What stands where a secret stood. */
export const mask = '***';

/** A value as text, where its type is text: a number in a string property is meant as it is written. Of JSON only strings. */
export function asText(value: Value, type: ValueTypeName): string | undefined {
  if (typeof value === 'string') return value;
  if (type === 'json') return undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The lines of a text without their ends, LF or CRLF; the newline at the end of a text begins no further line. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

/**
 * The text as it is and, where it ends in a newline, also without that one: commands and files end in a newline that
 * nobody means when writing `stdout: ok`, which is the most common surprise with Goss.
 */
export function readingsOf(text: string): readonly string[] {
  return text.endsWith('\n') ? [text, text.slice(0, text.endsWith('\r\n') ? -2 : -1)] : [text];
}

/** `1 line`, `2 lines` */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The first few words of a list, and how many more there are. */
export function listSome(words: readonly string[], most = 10): string {
  const rest = words.length - most;
  return rest > 1 ? `${words.slice(0, most).join(', ')} and ${rest} more` : words.join(', ');
}

/** The words of a text as lines of at most so many columns; a longer word has one of its own. */
export function fillLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return lines;
}
