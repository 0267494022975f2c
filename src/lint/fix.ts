import { isDeepStrictEqual } from 'node:util';
import type { Edit, LintProblem } from '../lint-rule.js';
import type { Entry } from '../model.js';
import { type Draft, parseForTargets } from '../prepare.js';
import type { SpecFile } from '../spec/node.js';
import type { LintedSpec } from './lint-spec.js';

/** A file with what mends it: all else in it stays as it is, byte for byte. */
export interface FixedFile {
  readonly file: SpecFile;
  readonly text: string;
  readonly problems: readonly LintProblem[];
}

/**
 * Applies the fixes of a spec in memory, and reads it again: a fix that would change what is asserted is our defect, and
 * is not applied.
 */
export async function fixSpec(draft: Draft, linted: LintedSpec): Promise<readonly FixedFile[]> {
  const files = linted.source.files.flatMap((file) => fixFile(file, linted.problems));
  if (files.length === 0) return [];
  const { readSpec } = await import('../spec/read.js');
  const texts = new Map(files.map(({ file, text }) => [file.path, text]));
  const source = await readSpec(draft.file, { env: draft.source.env, texts });
  const { entries } = await parseForTargets({ ...draft, source }, [...draft.targets.values()]);
  if (!isDeepStrictEqual(withoutPlaces(entries), withoutPlaces(linted.entries))) {
    throw new TypeError(`the fixes of ${draft.file} would change what it asserts`);
  }
  return files;
}

/** What a file holds after its fixes; of two that overlap the first is applied, the other one the next time. */
export function fixFile(file: SpecFile, problems: readonly LintProblem[]): FixedFile[] {
  const done: LintProblem[] = [];
  const edits: Edit[] = [];
  for (const problem of problems) {
    const own = problem.fix ?? [];
    if (own.length === 0 || own.some((edit) => edit.file !== file)) continue;
    if (own.some((edit) => edits.some((other) => edit.start < other.end && other.start < edit.end))) continue;
    edits.push(...own);
    done.push(problem);
  }
  if (edits.length === 0 || file.path === '') return [];
  const text = edits
    .sort((a, b) => b.start - a.start)
    .reduce((before, { start, end, text: put }) => `${before.slice(0, start)}${put}${before.slice(end)}`, file.text);
  return [{ file, text, problems: done }];
}

/** Lines move, entries stay. */
function withoutPlaces(entries: ReadonlyMap<string, readonly Entry[]>): unknown {
  return JSON.parse(JSON.stringify([...entries], (key, value: unknown) => (key === 'position' ? undefined : value)));
}

/** The changes as a patch. */
export async function showFixes(files: readonly FixedFile[]): Promise<string> {
  const { createTwoFilesPatch } = await import('diff');
  return files
    .map(({ file: { name, text: before }, text }) =>
      createTwoFilesPatch(name, name, before, text, '', '', { context: 2 }),
    )
    .map((patch) => patch.replace(/^(Index: .*\n)?=+\n/, ''))
    .join('');
}
