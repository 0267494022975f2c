import type { Position, Problem } from '../model.js';
import { findLines, positionOf } from '../spec/mistake.js';
import { type Pair, pairsOf, type SpecFile, type SpecNode } from '../spec/node.js';
import { findComments, type YamlComment } from '../spec/yaml-comments.js';
import { parseYaml } from '../spec/yaml-text.js';
import type { Remark } from './remarks.js';
import { anyMark, gapMark, type Rendered, renderTemplate, type TemplateData } from './template-run.js';
import { TemplateError } from './template-value.js';

/** One gossfile: as it was written, with its template worked out, and as a tree. */
export interface GossFile {
  /** As people know it. */
  readonly name: string;
  /** Absolute; empty for standard input. */
  readonly path: string;
  readonly folder: string;
  /** As it was written. */
  readonly source: SpecFile;
  /** What the template gave: the tree and the comments have their places in it. */
  readonly rendered: Rendered;
  readonly file: SpecFile;
  readonly comments: readonly YamlComment[];
  /** Goss reads all numbers of JSON as floats, which its `equal` cares about. */
  readonly isJson: boolean;
  /** It is a text or a list. */
  readonly isNoMapping: boolean;
}

/** One resource of a gossfile. */
export interface GossEntry {
  /** `service`, `http`: the section. */
  readonly type: string;
  readonly id: string;
  readonly pair: Pair;
  readonly section: Pair;
  readonly file: GossFile;
}

export interface ReadGossFile {
  readonly file: GossFile;
  /** Why Goss could not read it either. Then nothing of it is used. */
  readonly problems: readonly Problem[];
  readonly remarks: readonly Remark[];
}

/** @throws TemplateError */
export function readGossFile(
  { name, path, folder }: Pick<GossFile, 'name' | 'path' | 'folder'>,
  text: string,
  data: TemplateData,
): ReadGossFile {
  const source: SpecFile = { name, path, folder, text, lines: findLines(text) };
  const foreign = text.search(anyMark);
  if (foreign >= 0) throw new TemplateError('a character of the private use area stands here', foreign);
  const isJson = text.trimStart().startsWith('{') && !text.trimStart().startsWith('{{');
  const rendered = renderTemplate(text, data);
  const file: SpecFile = { name, path, folder, text: rendered.text, lines: findLines(rendered.text) };
  const { root, problems } = parseYaml(file);
  // The nodes know their file by the object that was made before its tree.
  if (root?.kind === 'map') Object.assign(file, { root });
  const comments = problems.length === 0 && !isJson ? findComments(rendered.text) : [];
  const isNoMapping = root !== undefined && root.kind !== 'map';
  const read: GossFile = { name, path, folder, source, rendered, file, comments, isJson, isNoMapping };
  const several = problems.find(({ code }) => code === 'several-documents');
  const wrong = problems.filter((problem) => problem !== several).map((problem) => moveProblem(problem, read));
  const gaps = rendered.gaps.map(
    ({ start, reason }): Remark => ({ kind: 'lost', position: positionOf({ file: source, start }), text: reason }),
  );
  const note: Remark[] = several
    ? [{ kind: 'note', position: moveProblem(several, read).position, text: 'Goss reads the first document only' }]
    : [];
  return { file: read, problems: wrong, remarks: [...gaps, ...note] };
}

/** Where something stands in the gossfile as it was written. */
export function positionIn(file: GossFile, start: number): Position {
  return positionOf({ file: file.source, start: file.rendered.sourceOf(start) });
}

/** A problem of the text that a template gave, told of the line that it came from. */
function moveProblem(problem: Problem, { file, source, rendered }: GossFile): Problem {
  if (source.text === file.text) return problem;
  const offset = (file.lines[problem.position.line - 1] ?? 0) + problem.position.column - 1;
  const position = positionOf({ file: source, start: rendered.sourceOf(offset) });
  const start = source.lines[position.line - 1] ?? 0;
  const end = source.lines[position.line] ?? source.text.length + 1;
  return {
    ...problem,
    position,
    message: `${problem.message} (after the template was worked out)`,
    length: 1,
    source: source.text.slice(start, end - 1),
  };
}

/** The sections of a gossfile in their order. */
export function sectionsOf({ file }: GossFile): readonly Pair[] {
  return pairsOf(file.root);
}

/** Something in it could not be worked out by the template. */
export function hasGap(node: SpecNode): boolean {
  if (node.kind === 'scalar') return node.source.includes(gapMark);
  if (node.kind === 'list') return node.items.some(hasGap);
  return node.pairs.some(({ key, value }) => hasGap(key) || hasGap(value));
}
