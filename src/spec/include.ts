import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { mistakeAt, type Report } from './mistake.js';
import { type Place, type ScalarNode, type SpecFile, type SpecNode, valueAt } from './node.js';

export interface Include {
  readonly path: string;
  readonly place: Place;
}

/** The files that a file includes, absolute and sorted for each pattern. What is no list of texts, the shape check tells. */
export async function findIncludes(file: SpecFile, report: Report): Promise<readonly Include[]> {
  const patterns = listPatterns(valueAt(file.root, 'include'));
  const found: Include[] = [];
  for (const pattern of patterns) {
    const paths = await findFiles(pattern.source, file);
    if (paths.length === 0) {
      const message = isPattern(pattern.source) ? 'no file matches' : 'there is no file';
      const hint = `paths are relative to ${file.folder}`;
      report(mistakeAt('include-not-found', `${message} ${JSON.stringify(pattern.source)}`, pattern, hint));
    }
    for (const path of paths) found.push({ path, place: pattern });
  }
  return found;
}

function listPatterns(node: SpecNode | undefined): readonly ScalarNode[] {
  const nodes = node?.kind === 'list' ? node.items : node ? [node] : [];
  return nodes.filter((item): item is ScalarNode => item.kind === 'scalar' && typeof item.value === 'string');
}

/**
 * A path that exists is meant itself, also when it looks like a pattern.
 * @param settings `dot`: `*` also means names that begin with a dot
 */
export async function findFiles(
  pattern: string,
  file: Pick<SpecFile, 'folder' | 'path'>,
  settings: { readonly dot?: boolean } = {},
): Promise<readonly string[]> {
  const path = resolve(file.folder, pattern);
  if (await exists(path)) return [path];
  if (!isPattern(pattern)) return [];
  const { glob } = await import('tinyglobby');
  const paths = await glob(pattern, { cwd: file.folder, absolute: true, expandDirectories: false, ...settings });
  // `include: ["*.yaml"]` means the others.
  return paths
    .map((one) => resolve(one))
    .filter((one) => one !== file.path)
    .sort();
}

function isPattern(text: string): boolean {
  return /[*?[\]{}!()]/.test(text);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
