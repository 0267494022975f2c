import { createRequire } from 'node:module';
import { countOf } from './text.js';

const mostLines = 20;
const longestLine = 200;
/** Beyond so many changed lines nobody reads a diff, and finding the shortest one would take its time. */
const mostEdits = 400;

/**
 * A short line diff of two texts: `-` expected, `+` found, bounded in lines and width.
 */
export function diffTexts(expected: string, actual: string): string {
  // Loaded only when a text differs: it would be a tenth of the start.
  const { structuredPatch } = createRequire(import.meta.url)('diff') as typeof import('diff');
  const patch = structuredPatch('', '', expected, actual, '', '', { context: 1, maxEditLength: mostEdits });
  const lines = patch ? patch.hunks.flatMap((hunk) => hunk.lines) : firstDifference(expected, actual);
  return bound(lines).join('\n');
}

/** Number of the first line that differs, from 1. */
export function firstLineApart(expected: string, actual: string): number {
  const [a, b] = [expected.split('\n'), actual.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  return (at < 0 ? a.length : at) + 1;
}

function firstDifference(expected: string, actual: string): string[] {
  const from = firstLineApart(expected, actual) - 1;
  const some = (text: string, sign: string) =>
    text
      .split('\n')
      .slice(from, from + mostLines / 2)
      .map((line) => `${sign}${line}`);
  return [...some(expected, '-'), ...some(actual, '+'), ' …'];
}

function bound(lines: readonly string[]): string[] {
  const shown = lines
    .slice(0, mostLines)
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line));
  const rest = lines.length - mostLines;
  return rest > 0 ? [...shown, ` … ${countOf(rest, 'more line')}`] : shown;
}
