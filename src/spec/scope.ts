import type { ProblemCode } from '../problem.js';
import type { Report } from './mistake.js';
import { type Pair, pairsOf, type SpecFile, type SpecNode, valueAt } from './node.js';
import type { SpecSource } from './read.js';
import { nowhere, plainScalar, Variables } from './variables.js';

/** The targets as they are written, by name: where files disagree, the later file and the including one win. */
export function writtenTargets(source: SpecSource): ReadonlyMap<string, Pair> {
  return new Map(
    includedFirst(source).flatMap((file) =>
      pairsOf(valueAt(file.root, 'targets')).map((pair) => [pair.key.source, pair]),
    ),
  );
}

/** What a file includes stands before it, in the order of its includes. */
function includedFirst({ files }: SpecSource): readonly SpecFile[] {
  const listFrom = (file: SpecFile): SpecFile[] => [
    ...files.filter(({ includedBy }) => includedBy === file).flatMap(listFrom),
    file,
  ];
  return files.filter(({ includedBy }) => !includedBy).flatMap(listFrom);
}

/**
 * The variables for a target: `vars` of included files, of the files that include them, of the target, and of the
 * command line, the later ones winning.
 *
 * @param secrets what stands for each; without it a secret is refused, as it is where everybody would see it
 */
export function variablesFor(
  source: SpecSource,
  target: string | undefined,
  vars: Readonly<Record<string, string>>,
  report: Report,
  secrets?: ReadonlyMap<string, string>,
): Variables {
  const defined = new Map<string, SpecNode>();
  const define = (node: SpecNode | undefined) => {
    for (const { key, value } of pairsOf(node)) defined.set(key.source, value);
  };
  for (const file of includedFirst(source)) define(valueAt(file.root, 'vars'));
  if (target !== undefined) define(valueAt(writtenTargets(source).get(target)?.value, 'vars'));
  for (const [name, text] of Object.entries(vars)) defined.set(name, plainScalar(text, nowhere(`--var ${name}`)));
  const incomplete = source.problems.some(({ code }) => hidesFile.has(code));
  return new Variables({ defined, env: source.env, incomplete, ...(secrets && { secrets }) }, report);
}

/** Where the secrets of a target come from, as written, by name: files as for `vars`, then what the target says itself. */
export function writtenSecrets(source: SpecSource, target: string): ReadonlyMap<string, Pair> {
  const places = [
    ...includedFirst(source).map((file) => valueAt(file.root, 'secrets')),
    valueAt(writtenTargets(source).get(target)?.value, 'secrets'),
  ];
  return new Map(places.flatMap(pairsOf).map((pair) => [pair.key.source, pair]));
}

/** What is to be copied before a switch, as written, by name: files as for `vars`. */
export function writtenState(source: SpecSource): ReadonlyMap<string, Pair> {
  const places = includedFirst(source).map((file) => valueAt(file.root, 'state'));
  return new Map(places.flatMap(pairsOf).map((pair) => [pair.key.source, pair]));
}

/** Mistakes that keep a file from being read: what is missing then may be defined in it. */
const hidesFile: ReadonlySet<string> = new Set<ProblemCode>([
  'unreadable',
  'too-large',
  'not-text',
  'yaml-syntax',
  'include-not-found',
  'bad-alias',
]);
