import { createRequire } from 'node:module';
import { splitLines } from './text.js';

/** The one place for regular expressions of specs: RE2, so that none can run away. */
export interface Regexp {
  test(text: string): boolean;
  /** What matches first, and where. */
  find(text: string): { readonly text: string; readonly at: number } | undefined;
}

/** One item of `have-patterns`, read. */
export interface Pattern {
  readonly negated: boolean;
  /** After "a line" or "no line": `with "Forgejo"`, `matching /v[0-9]+/`. */
  readonly words: string;
  /** @param line without its end */
  test(line: string): boolean;
  /** The place of what it found in a line that it holds for. */
  locate(line: string): number;
}

/**
 * @param flags of `i` (case), `m` (`^` and `$` at each line), `s` (`.` also takes newlines)
 * @throws Error that says what is wrong with the expression
 */
export function compileRegexp(text: string, flags = ''): Regexp {
  const { RE2JS } = loadRe2();
  const bits = { i: RE2JS.CASE_INSENSITIVE, m: RE2JS.MULTILINE, s: RE2JS.DOTALL };
  const mask = Object.entries(bits).reduce((sum, [flag, bit]) => (flags.includes(flag) ? sum | bit : sum), 0);
  try {
    const regexp = RE2JS.compile(text, mask);
    return {
      test: (subject) => regexp.test(subject),
      find: (subject) => {
        const matcher = regexp.matcher(subject);
        return matcher.find() ? { text: matcher.group() ?? '', at: matcher.start() } : undefined;
      },
    };
  } catch (error) {
    throw new Error(explainSyntax(error), { cause: error });
  }
}

/** Loaded when the first expression is compiled: most specs have none, and it takes as long as all the rest of the start. */
function loadRe2(): typeof import('re2js') {
  return createRequire(import.meta.url)('re2js');
}

function explainSyntax(error: unknown): string {
  const said = (error instanceof Error ? error.message : String(error)).replace(/^error parsing regexp: /, '');
  const hint =
    /`\(\?<?[=!]|`\\[1-9]/.test(said) &&
    ' (RE2 has neither look-around nor back-references, so that none can run away)';
  return `not a regular expression of RE2: ${said}${hint || ''}`;
}

/**
 * Reads one item of `have-patterns`: `text` · `!text` · `/regexp/` · `!/regexp/`, with flags `i`, `m`, `s` after the
 * second slash. A backslash before a leading `!`, `/` or `\` takes it literally. A path such as `/etc/passwd` is text:
 * only what ends in a slash, or in a slash and flags, is a regular expression.
 *
 * @throws Error that says what is wrong with the item
 */
export function compilePattern(written: string): Pattern {
  const negated = written.startsWith('!');
  const rest = negated ? written.slice(1) : written;
  if (rest === '')
    throw new Error(negated ? '"!" needs a text or /expression/ after it' : 'an empty pattern is in every line');
  if (rest.includes('\n')) {
    throw new Error('a pattern is looked for in single lines: use contain-substring or match-regexp on several');
  }
  const [, expression, flags = ''] = /^\/(.*)\/((?:i|m|s)*)$/u.exec(rest) ?? [];
  if (expression === undefined || hasRepeats(flags)) {
    const unknown = /^\/.+\/([gimsuxy]+)$/u.exec(rest)?.[1];
    if (unknown === undefined || hasRepeats(unknown)) return literalPattern(rest, negated);
    throw new Error(`the flags of an expression are i, m and s, not ${unknown}; the text is written \\${rest}`);
  }
  if (expression === '') throw new Error('an empty expression matches every line');
  const regexp = compileRegexp(expression, flags);
  if (isPath(expression) && /[ms]/.test(flags)) {
    throw new Error(
      `is it the text ${rest} or an expression? A text is written \\${rest}, an expression ${showPlain(expression, flags)}`,
    );
  }
  return {
    negated,
    words: `matching ${rest}`,
    test: (line) => regexp.test(line),
    locate: (line) => regexp.find(line)?.at ?? 0,
  };
}

function hasRepeats(flags: string): boolean {
  return new Set(flags).size < flags.length;
}

/** `/opt/mis` looks like both. In single lines the flags `m` and `s` change nothing, so that nobody needs them there. */
function isPath(expression: string): boolean {
  return /^[A-Za-z0-9_/-]+$/.test(expression);
}

function showPlain(expression: string, flags: string): string {
  return `/${expression}/${flags.includes('i') ? 'i' : ''} (m and s change nothing in single lines)`;
}

function literalPattern(rest: string, negated: boolean): Pattern {
  const text = /^\\[!/\\]/.test(rest) ? rest.slice(1) : rest;
  return {
    negated,
    words: `with ${JSON.stringify(text)}`,
    test: (line) => line.includes(text),
    locate: (line) => line.indexOf(text),
  };
}

/** What became of one pattern: where a line was found, its number from 1 and its text. */
export interface PatternHit {
  readonly pattern: Pattern;
  readonly holds: boolean;
  readonly line?: { readonly number: number; readonly text: string; readonly at: number };
}

/** Looks for each pattern in the lines of texts. Only the first line that fits is looked for. */
export function findPatterns(texts: readonly string[], patterns: readonly string[]): readonly PatternHit[] {
  const lines = texts.flatMap(splitLines);
  return patterns.map(compilePattern).map((pattern) => {
    const at = lines.findIndex((line) => pattern.test(line));
    const text = lines[at];
    return {
      pattern,
      holds: at >= 0 !== pattern.negated,
      ...(text !== undefined && { line: { number: at + 1, text, at: pattern.locate(text) } }),
    };
  });
}
