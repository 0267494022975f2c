import { createRequire } from 'node:module';
import type { Finding } from './matcher.js';
import { quoteAround, showLine } from './show-text.js';
import { countOf, readingsOf } from './text.js';

const mostLines = 20;
const longestLine = 200;
/** Beyond so many changed lines nobody reads a diff, and finding the shortest one would take its time. */
const mostEdits = 400;
/** Beyond so many characters even cutting texts into lines takes its time. */
const longestDiffed = 4_000_000;

/** Exactly, but for the newline at the end of what was found. */
export function equalTexts(found: string, expected: string): boolean {
  return readingsOf(found).includes(expected);
}

/**
 * Two texts that are not equal: of one line as they are, of several with a diff beneath, since nobody finds the difference
 * in one phrase.
 *
 * @param lenient whether the newline at the end of what was found may be left out
 */
export function describeTexts(found: string, expected: string, { lenient }: { readonly lenient: boolean }): Finding {
  const nearest = (lenient && !expected.endsWith('\n') && readingsOf(found)[1]) || found;
  return isLong(found, expected) ? describeLines(found, nearest, expected) : describeLine(found, nearest, expected);
}

function isLong(...texts: readonly string[]): boolean {
  return texts.some((text) => text.trimEnd().includes('\n'));
}

function describeLine(found: string, nearest: string, expected: string): Finding {
  const at = firstCharacterApart(found, expected);
  const isShort = found.length <= mostPlain && expected.length <= mostPlain;
  const alike = isShort && nearest.normalize() === expected.normalize();
  const note = alike ? ' (the same only after Unicode normalization)' : ` (other from character ${at + 1})`;
  return {
    verdict: 'failed',
    expected: () => quoteAround(expected, at),
    found: () => quoteAround(found, at) + (alike || !isShort ? note : ''),
  };
}

/** Texts of so many characters are shown whole, and differences in them seen. */
const mostPlain = 300;

function firstCharacterApart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

function describeLines(found: string, nearest: string, expected: string): Finding {
  const lines = (text: string) => countOf(text.split('\n').length - (text.endsWith('\n') ? 1 : 0), 'line');
  const only = explainEnds(nearest, expected);
  return {
    verdict: 'failed',
    expected: () => `the ${lines(expected)} of the spec`,
    found: () => {
      const other = () => `other from line ${firstLineApart(expected, found)} (- expected, + found)`;
      return `${lines(found)}, ${only ?? other()}`;
    },
    // The final newline that is not compared must not look like a difference.
    details: () => {
      if (only) return undefined;
      return expected.endsWith('\n') ? diffTexts(expected, found) : diffTexts(`${expected}\n`, `${nearest}\n`);
    },
  };
}

/** What is not found easily in a diff. */
function explainEnds(found: string, expected: string): string | undefined {
  if (`${found}\n` === expected) return 'the same but for the newline at the end, which is missing';
  if (found === `${expected}\n`) return 'the same but for a newline at the end';
  if (found.replaceAll('\r\n', '\n') !== expected.replaceAll('\r\n', '\n')) return undefined;
  return `the same but for line ends, which are ${found.includes('\r\n') ? 'CRLF' : 'LF'}`;
}

/**
 * A short line diff of two texts: `-` expected, `+` found, bounded in lines and width, with what cannot be seen as escapes.
 */
export function diffTexts(expected: string, actual: string): string {
  return bound(diffLines(expected, actual)).join('\n');
}

function diffLines(expected: string, actual: string): readonly string[] {
  if (expected.length + actual.length > longestDiffed) return firstDifference(expected, actual);
  // Loaded only when a text differs: it would be a tenth of the start.
  const { structuredPatch } = createRequire(import.meta.url)('diff') as typeof import('diff');
  const patch = structuredPatch('', '', expected, actual, '', '', { context: 1, maxEditLength: mostEdits });
  return patch ? patch.hunks.flatMap((hunk) => hunk.lines) : firstDifference(expected, actual);
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
  const shown = lines.slice(0, mostLines).map((line, at) => showLine(cutLine(line, partnerOf(lines, at))));
  const rest = lines.length - mostLines;
  return rest > 0 ? [...shown, ` … ${countOf(rest, 'more line')}`] : shown;
}

/** The line that stands in place of another one: of a run of `-` and the run of `+` after it, the one in the same place. */
function partnerOf(lines: readonly string[], at: number): string {
  const sign = lines[at]?.[0];
  if (sign !== '-' && sign !== '+') return '';
  const isOf = (one: string) => (line: string | undefined) => line?.startsWith(one) === true;
  let start = at;
  while (isOf(sign)(lines[start - 1])) start -= 1;
  const partner = sign === '-' ? lines.findIndex((line, index) => index > at && !isOf('-')(line)) : start;
  const begin = sign === '-' ? partner : backTo(lines, start, '-');
  const line = lines[begin + (at - start)];
  return isOf(sign === '-' ? '+' : '-')(line) ? (line ?? '') : '';
}

function backTo(lines: readonly string[], end: number, sign: string): number {
  let start = end;
  while (lines[start - 1]?.startsWith(sign)) start -= 1;
  return start;
}

/** A long line, so that where it differs from its partner is seen. */
function cutLine(line: string, partner: string): string {
  if (line.length <= longestLine) return line;
  const at = partner === '' ? 0 : firstCharacterApart(line.slice(1), partner.slice(1)) + 1;
  if (at < longestLine / 2) return `${line.slice(0, longestLine)}…`;
  const end = at + longestLine / 2;
  return `${line[0]}…${line.slice(at - longestLine / 2, end)}${end < line.length ? '…' : ''}`;
}
