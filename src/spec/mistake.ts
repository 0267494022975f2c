import { closest, distance } from 'fastest-levenshtein';
import type { Position, Problem } from '../model.js';
import type { ProblemCode } from '../problem.js';
import type { Place, SpecFile } from './node.js';

/** Takes mistakes as they are found, so that all of them are told. */
export type Report = (problem: Problem) => void;

/** Line and column of an offset. */
export function positionOf({ file, start }: Pick<Place, 'file' | 'start'>): Position {
  const starts = file.lines;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= start) low = middle;
    else high = middle - 1;
  }
  return { file: file.name, line: low + 1, column: start - (starts[low] ?? 0) + 1 };
}

/** Offsets at which the lines of a text begin. */
export function findLines(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** A mistake at a place. What spans several lines is marked to the end of its first. */
export function mistakeAt(code: ProblemCode, message: string, place: Place, hint?: string): Problem {
  return { code, severity: 'error', message, ...(hint !== undefined && { hint }), ...framePlace(place) };
}

/** What is needed to draw the place of a problem. */
export function framePlace(place: Place): Pick<Problem, 'position' | 'length' | 'source'> {
  const position = positionOf(place);
  const source = sourceLine(place.file, position);
  const rest = source.length - (position.column - 1);
  return { position, length: Math.max(1, Math.min(place.end - place.start, rest)), source };
}

function sourceLine(file: SpecFile, { line }: Position): string {
  const starts = file.lines;
  const end = starts[line] ?? file.text.length + 1;
  return file.text.slice(starts[line - 1] ?? 0, end - 1).replace(/\r$/, '');
}

/** `did you mean "listening"?`, or else what there is to choose from. */
export function suggest(word: string, known: readonly string[], what: string): string | undefined {
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length > 0 && known.length <= 60 ? `${what}: ${known.join(', ')}` : undefined;
}

/** The word that was probably meant: one mistake in a short word, up to three in a long one, or the same but for case. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length < 2 || word.length > 100) return undefined;
  const plain = word.toLowerCase().replaceAll('_', '-');
  const near = closest(plain, [...known]);
  return distance(plain, near) <= (plain.length <= 3 ? 1 : plain.length <= 8 ? 2 : 3) && near !== word
    ? near
    : known.find((one) => one.startsWith(plain) && plain.length >= 3);
}
