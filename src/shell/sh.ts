import type { Script } from '../model.js';

/** What may be put into a script: a word (quoted), a number, more script (as it is), or a list of words. */
export type Part = string | number | Script | readonly (string | number)[];

/** Not exported: a `Script` comes from here or it is none, whatever fields an object has. */
class ShellScript implements Script {
  constructor(readonly raw: string) {}
}

/**
 * The only maker of shell text. Strings and lists become single-quoted words, so no value can become syntax;
 * scripts made by `sh` or joined by `joinScripts` are put in as they are.
 *
 * @example sh`stat -c %s -- ${path}`
 */
export function sh(text: TemplateStringsArray, ...parts: readonly Part[]): Script {
  return new ShellScript(text.raw.reduce((script, piece, at) => script + show(parts[at - 1]) + piece));
}

/** Joins scripts with newlines. */
export function joinScripts(scripts: readonly Script[]): Script {
  return new ShellScript(scripts.map((script) => script.raw).join('\n'));
}

/** One POSIX shell word (POSIX.1-2017, 2.2.2): everything between single quotes is literal. */
export function quoteWord(word: string): string {
  if (word.includes('\0')) throw new RangeError('a shell word cannot hold a NUL byte');
  return /^[A-Za-z0-9_@%+:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function show(part: Part | undefined): string {
  if (part === undefined) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return quoteWord(part);
  if (part instanceof ShellScript) return part.raw;
  if (!Array.isArray(part)) throw new TypeError('only scripts made by sh`…` may be put into a script');
  return part.map((word) => quoteWord(String(word))).join(' ');
}
