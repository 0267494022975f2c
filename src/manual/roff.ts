import { fillLines } from '../text.js';

/** What man(7) takes: text that is shown as it is, and macros. */

/**
 * Text, with what stands in backticks in bold. Nothing in it is a request; hyphens, quotes and the like stay those of ASCII,
 * so that an option can be copied from the page (groff_char(7)).
 */
export function roffText(text: string): string {
  const pieces = text.replace(/\s+/g, ' ').trim().split('`');
  const shown = pieces.map((piece, at) => (at % 2 === 1 ? `\\fB${escapeRoff(piece)}\\fP` : escapeRoff(piece)));
  return fillLines(shown.join(''), widest).map(guardLine).join('\n');
}

/** Columns of the source, as mandoc(1) wants them; what is shown is filled anew. */
const widest = 79;

/** Lines that are shown as they are. */
export function roffLines(lines: readonly string[]): string {
  return lines.map((line) => guardLine(escapeRoff(line))).join('\n');
}

/** A term and what it means. */
export function roffTerm(term: string, text: string): string {
  return `.TP\n\\fB${escapeRoff(term)}\\fP\n${roffText(text)}`;
}

const special: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '"': '\\(dq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

export function escapeRoff(text: string): string {
  return text
    .replace(/[\\\-'"`^~]/g, (character) => special[character] ?? character)
    .replace(
      /[^\x20-\x7e]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}

/** A line that begins with a dot would be a request. */
function guardLine(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line;
}
