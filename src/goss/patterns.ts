import { compilePattern } from '../pattern.js';
import { NotCarried } from './site.js';

/** One pattern of Goss as one of nixspec, with what is to be said about it. */
export interface PatternOutcome {
  /** Undefined where it asserts nothing. */
  readonly pattern?: string;
  readonly differs?: string;
  readonly note?: string;
}

/**
 * Both know `text`, `!text`, `/expression/flags` and `!/expression/flags`. What Goss does to a text that begins with `\`,
 * `/` or `!` is not what its documents say: it takes all of these away.
 * @throws NotCarried
 */
export function translatePattern(written: string): PatternOutcome {
  if (written === '') return { note: 'an empty pattern is always there: it asserts nothing' };
  if (written.includes('\n')) {
    throw new NotCarried('Goss looks in single lines, and never finds a pattern of several: use contain-substring');
  }
  const negated = written.startsWith('!');
  const rest = negated ? written.slice(1) : written;
  const sign = negated ? '!' : '';
  if (rest === '') throw new NotCarried('"!" means that there is no line at all, which stands alone');
  const regexp = /^\/(.*)\/([ims]*)$/s.exec(rest);
  if (regexp) return translateExpression(regexp[1] ?? '', regexp[2] ?? '', rest, sign);
  return translateText(rest, sign);
}

/** In single lines the flags `m` and `s` change nothing. */
function translateExpression(expression: string, flags: string, rest: string, sign: string): PatternOutcome {
  if (expression === '') return { pattern: `${sign}/^/` };
  if (flags.length > 1 && isPath(expression)) {
    return {
      pattern: `${sign}\\${rest}`,
      differs: `Goss takes ${rest} for an expression with flags, nixspec for the path that it looks like`,
    };
  }
  const pattern = `${sign}/${expression}/${flags.includes('i') ? 'i' : ''}`;
  checkPattern(pattern);
  return { pattern };
}

/** `/opt/mis`: letters, digits, dots and slashes only. */
function isPath(expression: string): boolean {
  return /^[\w./-]+$/.test(expression);
}

function translateText(rest: string, sign: string): PatternOutcome {
  const stripped = rest.replace(/^[\\/!]+/, '');
  if (stripped === rest) return { pattern: `${sign}${rest}` };
  // `\!x`, `\/x` and `\\x` mean the rest, in nixspec as in the documents of Goss.
  const literal = /^\\[!/\\]/.test(rest) ? rest.slice(1) : rest;
  const pattern = `${sign}${rest.startsWith('!') ? '\\' : ''}${rest}`;
  checkPattern(pattern);
  return {
    pattern,
    differs: `Goss looks for ${JSON.stringify(stripped)} here, without what it begins with; nixspec for ${JSON.stringify(literal)}`,
  };
}

function checkPattern(pattern: string): void {
  try {
    compilePattern(pattern);
  } catch (error) {
    throw new NotCarried(error instanceof Error ? error.message : String(error));
  }
}
