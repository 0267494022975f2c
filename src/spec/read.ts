import { resolve } from 'node:path';
import type { Problem } from '../model.js';
import { findIncludes } from './include.js';
import { findLines, mistakeAt, type Report } from './mistake.js';
import { type MapNode, type Place, type SpecFile, showNode } from './node.js';
import { type Loaded, loadText, nameFile } from './text-file.js';
import { parseYaml } from './yaml-text.js';

/** The files of a spec as they were written. Nothing in it was checked yet but the YAML and the includes. */
export interface SpecSource {
  /** The spec itself first, then what it includes, each file once. */
  readonly files: readonly SpecFile[];
  readonly problems: readonly Problem[];
  /** For `${env.NAME}`. */
  readonly env: NodeJS.ProcessEnv;
}

/** Includes of includes of …; a spec of more files is a mistake, or made by a program that should make one. */
const mostFiles = 1000;
const deepestInclude = 20;

/**
 * Reads a spec and the files that it includes. Mistakes become problems; it never throws for what is in a file.
 *
 * @param path `-` is standard input, whose includes are relative to the current folder
 * @param text what the spec will hold, though it is not written yet
 * @param texts the same of several of its files, by absolute path
 */
export async function readSpec(
  path: string,
  { env, stdin = process.stdin, text, texts }: ReadOptions,
): Promise<SpecSource> {
  const problems: Problem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const files: SpecFile[] = [];
  const add = async (file: Unread, from?: Place): Promise<void> => {
    const given = texts?.get(file.path) ?? (from ? undefined : text);
    const loaded = given === undefined ? await loadText(file.path, stdin) : { text: given };
    const read = readFileOf(file, loaded, report, from);
    if (!read) return;
    files.push(read);
    for (const { path: next, place } of await findIncludes(read, report)) await follow(next, place);
  };
  const follow = async (next: string, place: Place): Promise<void> => {
    const chain = chainOf(place.file);
    const turn = chain.findIndex((file) => file.path === next);
    if (turn >= 0) {
      const way = [...chain.slice(0, turn + 1).reverse(), chain[turn]].map((file) => file?.name).join(' → ');
      report(mistakeAt('include-cycle', 'a file cannot include itself', place, way));
    } else if (files.some((file) => file.path === next)) {
      // Two files that include a third: it counts once.
    } else if (files.length >= mostFiles || chain.length > deepestInclude) {
      const message =
        chain.length > deepestInclude ? `more than ${deepestInclude} deep` : `more than ${mostFiles} files`;
      report(mistakeAt('too-large', `includes go ${message}`, place));
    } else {
      await add({ path: next, name: nameFile(place.file, next), includedBy: place.file }, place);
    }
  };
  await add(path === '-' ? { path: '', name: '<stdin>' } : { path: resolve(path), name: path });
  return { files, problems, env };
}

interface ReadOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin?: AsyncIterable<Buffer | string>;
  readonly text?: string;
  readonly texts?: ReadonlyMap<string, string>;
}

interface Unread {
  readonly path: string;
  readonly name: string;
  readonly includedBy?: SpecFile;
}

function readFileOf(unread: Unread, loaded: Loaded, report: Report, from: Place | undefined): SpecFile | undefined {
  const text = 'text' in loaded ? loaded.text : '';
  const folder = resolve(unread.path === '' ? '.' : resolve(unread.path, '..'));
  const file: SpecFile = { ...unread, folder, text, lines: findLines(text) };
  if ('code' in loaded) {
    // Told where it is included, or else of the file itself, which then has no text to show.
    const problem = mistakeAt(loaded.code, `${unread.name} ${loaded.message}`, from ?? { file, start: 0, end: 0 });
    const { source: _, ...bare } = problem;
    report(from ? problem : { ...bare, ...(loaded.hint !== undefined && { hint: loaded.hint }) });
    return undefined;
  }
  const { root, problems } = parseYaml(file);
  for (const problem of problems) report(problem);
  if (!root && problems.length === 0) {
    report(mistakeAt('empty-spec', 'the file is empty', { file, start: 0, end: 0 }, beginning));
  }
  if (!root || root.kind === 'map') return linkRoot(file, root);
  const message = `a spec is a mapping, not ${showNode(root)}`;
  report(mistakeAt('wrong-type', message, root, beginning));
  return file;
}

const beginning = 'a spec begins with `version: 1`';

/** The nodes know their file by the object that was made before its tree: the tree is put into that very object. */
function linkRoot(file: SpecFile, root: MapNode | undefined): SpecFile {
  return root ? Object.assign(file, { root }) : file;
}

function chainOf(file: SpecFile): SpecFile[] {
  return file.includedBy ? [file, ...chainOf(file.includedBy)] : [file];
}
