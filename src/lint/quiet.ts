import { positionOf } from '../spec/mistake.js';
import type { Pair, Place, SpecFile, SpecNode } from '../spec/node.js';
import { findComments, type YamlComment } from '../spec/yaml-comments.js';

/** `# nixspec-ignore RULE …: why`, which silences rules for what it stands beside or above, or with `-file` for its file. */
export interface Quiet extends Place {
  /** The first word of the comment. */
  readonly word: string;
  readonly rules: readonly QuietRule[];
  /** Lines, counted from 1. */
  readonly from: number;
  readonly to: number;
}

interface QuietRule {
  readonly name: string;
  /** Where the name stands in the text. */
  readonly start: number;
}

const mark = 'nixspec-ignore';

/** What such a comment may begin with. */
export const quietWords: readonly string[] = [mark, `${mark}-file`];

/** All such comments of a file; files without the word are not looked through. */
export function listQuiets(file: SpecFile): readonly Quiet[] {
  if (!file.text.includes(mark) || !file.root) return [];
  return findComments(file.text).flatMap((comment) => readComment(comment, file) ?? []);
}

/** Whether a rule is silenced at a line. */
export function isQuiet(quiets: readonly Quiet[], rule: string, { name }: SpecFile, line: number): boolean {
  return quiets.some(
    ({ file, rules, from, to }) =>
      file.name === name && line >= from && line <= to && rules.some((one) => one.name === rule),
  );
}

function readComment({ text, offset, ownLine }: YamlComment, file: SpecFile): Quiet | undefined {
  const [head = '', space = '', word, names = ''] = /^(\s*)(nixspec-ignore[\w-]*)([^:#]*)/.exec(text) ?? [];
  if (word === undefined) return undefined;
  const start = offset + 1 + space.length;
  const first = offset + 1 + head.length - names.length;
  const rules = [...names.matchAll(/[^\s,]+/g)].map(({ 0: name, index }) => ({ name, start: first + index }));
  const quiet = { file, start, end: start + word.length, word, rules };
  const { line } = positionOf(quiet);
  if (word !== mark) return { ...quiet, from: 1, to: word === `${mark}-file` ? Number.POSITIVE_INFINITY : 0 };
  if (!ownLine) return { ...quiet, from: line, to: line };
  const below = file.root && firstAfter(file.root, offset);
  return { ...quiet, from: line, to: below ? lastLine(below, file) : line + 1 };
}

/** The pair that comes first behind an offset: what a comment of its own line is about, with all that is in it. */
function firstAfter(node: SpecNode, offset: number): Pair | undefined {
  if (node.kind === 'scalar') return undefined;
  if (node.kind === 'list') return firstOf(node.items.map((item) => firstAfter(item, offset)));
  return firstOf(
    node.pairs.flatMap((pair) => [
      ...(pair.key.start > offset ? [pair] : []),
      ...(pair.key.start < offset && pair.value.end > offset ? [firstAfter(pair.value, offset)] : []),
    ]),
  );
}

function firstOf(pairs: readonly (Pair | undefined)[]): Pair | undefined {
  return pairs.reduce(
    (first, pair) => (!first || (pair && pair.key.start < first.key.start) ? pair : first),
    undefined,
  );
}

function lastLine({ key, value }: Pair, file: SpecFile): number {
  const end = Math.max(key.end, value.start >= key.end ? value.end : key.end);
  const { line, column } = positionOf({ file, start: end });
  // A block ends at the beginning of the line after it.
  return column === 1 ? line - 1 : line;
}
