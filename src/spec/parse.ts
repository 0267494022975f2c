import type { Matchers } from '../matcher.js';
import type { Entry, Problem } from '../model.js';
import type { Resource, Resources } from '../resource.js';
import { Defaults } from './defaults.js';
import { EntryReader } from './entry.js';
import { topKeys } from './keys.js';
import { mistakeAt } from './mistake.js';
import { Needs } from './needs.js';
import { type Pair, pairsOf, showNode } from './node.js';
import type { Reader } from './per-target.js';
import type { SpecSource } from './read.js';
import { variablesFor, writtenSecrets, writtenTargets } from './scope.js';
import { readSecrets, type SecretDefinition } from './secrets.js';
import { nameStandIns, standInFor } from './stand-in.js';
import { unknownResource } from './unknown-name.js';

/** The keys at the top of the files of a spec: among them the resource types that it uses. */
export function usedKeys(source: SpecSource): ReadonlySet<string> {
  return new Set(source.files.flatMap(({ root }) => pairsOf(root).map(({ key }) => key.source)));
}

export interface ParseInput {
  readonly vars: Readonly<Record<string, string>>;
  readonly secrets?: ReadonlyMap<string, string>;
}

export interface Parsed {
  readonly entries: readonly Entry[];
  /** Where the target's secrets come from, by name. */
  readonly secrets: ReadonlyMap<string, SecretDefinition>;
  readonly problems: readonly Problem[];
}

/**
 * Reads the entries of a spec for one target: variables put in, `only`, `except` and `per-target` decided, every literal
 * read with the type of its property. All mistakes are told at once; what is mistaken is left out.
 *
 * @param resources those that the spec uses, at least
 * @param vars values of the command line
 * @param secrets by name, as far as they were read; the others have stand-ins
 */
export function parseEntries(
  source: SpecSource,
  target: string,
  resources: Resources,
  matchers: Matchers,
  { vars, secrets }: ParseInput,
): Parsed {
  const problems: Problem[] = [];
  const report = (problem: Problem) => problems.push(nameSecrets(problem));
  const definitions = readSecrets(source, target, vars, report);
  const texts = [...writtenSecrets(source, target).keys()].map(
    (name) => [name, secrets?.get(name) ?? standInFor(name)] as const,
  );
  const variables = variablesFor(source, target, vars, report, new Map(texts));
  const targetNames = new Set(writtenTargets(source).keys());
  const reader: Reader = { target, targetNames, variables, report };
  const defaults = new Defaults(reader);
  const needs = new Needs(resources, report);
  const readers = new Map(
    [...resources.values()].map((resource) => [
      resource.name,
      new EntryReader(resource, matchers, reader, defaults, needs),
    ]),
  );
  const entries: Entry[] = [];
  for (const pair of source.files.flatMap(({ root }) => pairsOf(root))) {
    const resource = resources.get(pair.key.source);
    const entryReader = readers.get(pair.key.source);
    if (resource && entryReader) entries.push(...readSection(pair, resource, entryReader, reader));
    else if (!Object.hasOwn(topKeys, pair.key.source))
      report(unknownResource(pair.key.source, pair.key, [...resources.keys(), ...Object.keys(topKeys)]));
  }
  if (entries.length === 0) reportEmpty(source, report);
  return { entries: needs.link(entries), secrets: definitions, problems };
}

/** What is told of a spec names a secret, where its stand-in would show. */
function nameSecrets(problem: Problem): Problem {
  const { message, hint } = problem;
  return { ...problem, message: nameStandIns(message), ...(hint !== undefined && { hint: nameStandIns(hint) }) };
}

function readSection(pair: Pair, resource: Resource, entryReader: EntryReader, reader: Reader): Entry[] {
  if (resource.subject.none) return entryReader.read(pair);
  const section = reader.variables.resolve(pair.value);
  if (!section) return [];
  const nothing =
    section.kind === 'map' ? section.pairs.length === 0 : section.kind === 'scalar' && section.value === null;
  if (nothing) {
    const message = `\`${resource.name}\` names nothing to look at`;
    reader.report(mistakeAt('vacuous-entry', message, pair.key, `for example ${resource.subject.example}: …`));
  } else if (section.kind !== 'map') {
    const message = `expected a mapping of subjects to what is expected of them, not ${showNode(section)}`;
    reader.report(mistakeAt('wrong-type', message, section));
  }
  return pairsOf(section).flatMap((entry) => entryReader.read(entry));
}

/** A spec in which nothing at all is asserted, for any target. One that has nothing for this target alone is told by the run. */
function reportEmpty(source: SpecSource, report: (problem: Problem) => void): void {
  const [root] = source.files;
  const asserts = source.files.some((file) =>
    pairsOf(file.root).some(({ key }) => !Object.hasOwn(topKeys, key.source)),
  );
  if (!root || asserts || source.problems.some(({ severity }) => severity === 'error')) return;
  const hint = 'for example: unit: { nginx: { active: true } }';
  report(mistakeAt('empty-spec', 'the spec asserts nothing', { file: root, start: 0, end: 0 }, hint));
}
