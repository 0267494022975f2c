import type { Masker } from './mask/masker.js';
import type { Clue } from './model.js';
import { showLine } from './show-text.js';
import { splitLines } from './text.js';

/** What went wrong is said last. */
const mostLines = 5;
const longestLine = 200;

/** `stderr: no such file`: the last lines of each clue, bounded. */
export function describeClues(clues: readonly Clue[], masker?: Masker): readonly string[] {
  return clues.flatMap(({ from, text }) =>
    lastLines(masker ? masker.text(text) : text).map((line) => `${from}: ${line}`),
  );
}

function lastLines(text: string): readonly string[] {
  const lines = splitLines(text).filter((line) => line.trim() !== '');
  const shown = lines
    .slice(-mostLines)
    .map((line) => showLine(line.length > longestLine ? `${line.slice(0, longestLine)}…` : line));
  return lines.length > mostLines ? ['…', ...shown] : shown;
}
