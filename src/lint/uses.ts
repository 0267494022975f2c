import { pairsOf, type SpecFile, type SpecNode } from '../spec/node.js';
import type { SpecSource } from '../spec/read.js';
import { referencesOf } from '../spec/variables.js';

/** A variable or secret where it is defined. */
export interface Definition {
  readonly name: string;
  readonly key: SpecNode & { readonly kind: 'scalar' };
  readonly value: SpecNode;
  /** The mapping that it stands in, and the key of that. */
  readonly within: SpecNode;
  readonly file: SpecFile;
}

/** Everything under `vars` or `secrets`: of files, and of targets. */
export function listDefinitions({ files }: SpecSource, section: 'vars' | 'secrets'): readonly Definition[] {
  return files.flatMap((file) => sectionsOf(file, section).flatMap(definitionsIn));
}

/**
 * The names that something in the spec says as `${name}`: not those of variables that only unused variables mention.
 * A mapping is used by what is in it: `${site.name}`.
 */
export function findUses(source: SpecSource, vars: readonly Definition[]): ReadonlySet<string> {
  const used = new Set<string>();
  const follow = (names: readonly string[]) => {
    for (const name of names) {
      if (used.has(name)) continue;
      used.add(name);
      for (const one of vars) if (one.name === name) follow(referencesOf(one.value));
    }
  };
  for (const file of source.files) follow(referencesOutside(file));
  return used;
}

/** Of all that is in a file but the values of variables. */
function referencesOutside(file: SpecFile): readonly string[] {
  return pairsOf(file.root).flatMap(({ key, value }) => {
    if (key.source === 'vars') return [];
    if (key.source !== 'targets') return [...referencesOf(key), ...referencesOf(value)];
    return pairsOf(value).flatMap((target) =>
      pairsOf(target.value).flatMap((pair) => (pair.key.source === 'vars' ? [] : referencesOf(pair.value))),
    );
  });
}

function sectionsOf(file: SpecFile, section: string): readonly SpecNode[] {
  const targets = pairsOf(file.root).filter(({ key }) => key.source === 'targets');
  const owners = [file.root, ...targets.flatMap(({ value }) => pairsOf(value).map((target) => target.value))];
  return owners
    .flatMap((owner) => pairsOf(owner).filter(({ key }) => key.source === section))
    .map(({ value }) => value);
}

function definitionsIn(within: SpecNode): readonly Definition[] {
  return pairsOf(within).map(({ key, value }) => ({ name: key.source, key, value, within, file: key.file }));
}
