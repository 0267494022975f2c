import { resolve } from 'node:path';
import type { Target } from '../model.js';
import { findLines } from './mistake.js';
import type { SpecFile } from './node.js';
import { readTargets } from './targets.js';
import { loadText } from './text-file.js';
import { parseYaml } from './yaml-text.js';

/**
 * The targets alone, read before everything else: parsing a large spec takes longer than a network needs for some round
 * trips, so that connecting begins with what this gives. Whatever is odd gives no targets: the whole spec is read
 * after it in any case, tells its mistakes, and decides.
 */
export async function glimpseTargets(
  path: string,
  { env, vars }: { readonly env: NodeJS.ProcessEnv; readonly vars: Readonly<Record<string, string>> },
): Promise<ReadonlyMap<string, Target>> {
  // Standard input can be read once.
  if (path === '-') return new Map();
  const loaded = await loadText(resolve(path), process.stdin);
  if (!('text' in loaded)) return new Map();
  const text = keepBlocks(loaded.text);
  const file: SpecFile = { path: resolve(path), name: path, folder: resolve(path, '..'), text, lines: findLines(text) };
  const { root, problems } = parseYaml(file);
  if (problems.length > 0 || root?.kind !== 'map') return new Map();
  const read = readTargets({ files: [Object.assign(file, { root })], problems: [], env }, { vars });
  return read.problems.length > 0 ? new Map() : read.targets;
}

/** Empties all lines but those of some top keys, so that places in the text stay as they are. */
export function keepBlocks(text: string, keys: readonly string[] = ['vars', 'targets']): string {
  const kept = new RegExp(`^(${keys.join('|')})\\s*:`);
  let keep = false;
  const lines = text.split('\n').map((line) => {
    if (/^[^\s#]/.test(line)) keep = kept.test(line);
    return keep ? line : '';
  });
  return lines.join('\n');
}
