import { resolve } from 'node:path';
import { keepBlocks } from '../spec/glimpse.js';
import type { SpecNode } from '../spec/node.js';
import { pairsOf, valueAt } from '../spec/node.js';
import { readSpec, type SpecSource } from '../spec/read.js';
import { writtenTargets } from '../spec/scope.js';
import { loadText } from '../spec/text-file.js';
import type { Candidate } from './sources.js';

/** The names in a spec, however many mistakes it has: whoever types them may be about to repair it. */

export async function readTargetNames(spec: string | undefined): Promise<readonly Candidate[]> {
  const source = await readDeclared(spec);
  return [...writtenTargets(source)].map(([value, { value: node }]) => ({ value, summary: describe(node) }));
}

function describe(target: SpecNode): string {
  const ssh = valueAt(target, 'ssh');
  if (ssh) return `by ssh${ssh.kind === 'scalar' ? `: ${ssh.source}` : ''}`;
  const flake = valueAt(valueAt(target, 'vm'), 'flake');
  if (valueAt(target, 'vm')) return `a VM${flake?.kind === 'scalar' ? ` of ${flake.source}` : ''}`;
  return 'this machine';
}

export async function readTags(spec: string | undefined): Promise<readonly string[]> {
  const tags = new Set<string>();
  const collect = (node: SpecNode | undefined, depth: number) => {
    for (const { key, value } of pairsOf(node)) {
      if (key.source !== 'tags') {
        // `resource: subject: tags`, `resource: tags` of one without subjects, `defaults: resource: tags`.
        if (depth < 2) collect(value, depth + 1);
      } else if (value.kind === 'scalar') tags.add(value.source);
      else if (value.kind === 'list') for (const item of value.items) if (item.kind === 'scalar') tags.add(item.source);
    }
  };
  for (const { root } of (await read(spec)).files) collect(root, 0);
  return [...tags].sort();
}

export async function readVariables(spec: string | undefined): Promise<readonly string[]> {
  const { files } = await readDeclared(spec);
  return [...new Set(files.flatMap(({ root }) => pairsOf(valueAt(root, 'vars')).map(({ key }) => key.source)))];
}

/** Without the entries: parsing a large spec takes longer than one waits for a key. */
async function readDeclared(spec = 'nixspec.yaml'): Promise<SpecSource> {
  if (spec === '-') return read(spec);
  const loaded = await loadText(resolve(spec), process.stdin);
  if (!('text' in loaded)) return read(spec);
  const text = keepBlocks(loaded.text, ['vars', 'targets', 'include']);
  const source = await readSpec(spec, { env: {}, text });
  // What is not written as blocks, as JSON is, is not seen so.
  return writtenTargets(source).size > 0 ? source : read(spec);
}

/** Standard input is the terminal, where somebody types. */
async function read(spec = 'nixspec.yaml'): Promise<SpecSource> {
  if (spec === '-') return { files: [], problems: [], env: {} };
  return readSpec(spec, { env: {} });
}
