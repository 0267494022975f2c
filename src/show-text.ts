import type { Value } from './model.js';
import { printable } from './terminal.js';

/** Characters of a text that are shown. */
const longestShown = 300;
/** Characters of a word in a list of words. */
const longestWord = 100;
/** Characters that are shown on either side of the place that matters. */
const around = 60;

/** In double quotes, one line, shortened in the middle, nothing in it that a terminal would act on or that cannot be seen. */
export function quoteText(text: string): string {
  return escapeUnseen(JSON.stringify(shorten(text)));
}

/** As JSON. @param replace what stands for a value that is not to be shown as it is; undefined leaves it out */
export function showData(value: Value, replace: (inner: unknown) => unknown = (inner) => inner): string {
  return escapeUnseen(shorten(JSON.stringify(value, (_, inner: unknown) => replace(inner))));
}

/** As it is where nothing could be misread, else in quotes: for lists of words. */
export function showWord(text: string): string {
  return /^[^\s,;"'`()[\]{}\\]+$/u.test(text) && text.length <= longestWord && escapeUnseen(text) === text
    ? text
    : escapeUnseen(JSON.stringify(shorten(text, longestWord)));
}

/** A long text around the place that matters: `…"error: no such file"…`. A short one as it is. */
export function quoteAround(text: string, at: number): string {
  if (text.length <= longestShown) return quoteText(text);
  const [from, to] = [wholeFrom(text, Math.max(0, at - around)), wholeFrom(text, Math.min(text.length, at + around))];
  const shown = escapeUnseen(JSON.stringify(text.slice(from, to)));
  return `${from > 0 ? '…' : ''}${shown}${to < text.length ? '…' : ''}`;
}

/** A line of a diff: what cannot be seen as escapes, spaces at the end as dots. */
export function showLine(line: string): string {
  return escapeUnseen(line.replace(/ +$/, (spaces) => '·'.repeat(spaces.length)));
}

/** The middle of a long text gives way to the number of characters that stood there. */
export function shorten(text: string, most = longestShown): string {
  if (text.length <= most) return text;
  const half = Math.floor(most / 2) - 10;
  const [head, tail] = [text.slice(0, wholeFrom(text, half)), text.slice(wholeFrom(text, text.length - half))];
  return `${head} … ${text.length - head.length - tail.length} more … ${tail}`;
}

/** Spaces that look like others, and what is not seen at all. */
export function escapeUnseen(text: string): string {
  return printable(text).replace(
    /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The place, or the one before it where it would cut a character in two. */
function wholeFrom(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff && at > 0 ? at - 1 : at;
}
