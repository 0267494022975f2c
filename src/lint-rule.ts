import { listFolder } from './folder.js';
import type { Matchers } from './matcher.js';
import type { Entry, Expectation, Position, Problem, PropertyExpectation, Target, ValueForm } from './model.js';
import type { Resource, Resources } from './resource.js';
import type { Place, SpecFile } from './spec/node.js';
import type { SpecSource } from './spec/read.js';

/** What is known of a value before anybody looked: its type, and what it can be at all. */
export interface Range extends ValueForm {
  readonly words?: readonly string[];
  readonly least?: number;
  readonly secret?: true;
}

/** It holds for every value, or for none. */
export type Certainty = 'always' | 'never';

/** One thing that is asserted of one target, with what it may be at all. */
export interface Asserted {
  readonly entry: Entry;
  readonly resource: Resource;
  readonly written: PropertyExpectation;
  readonly expectation: Expectation;
  readonly range: Range;
  /** It holds for every value, or for none. */
  readonly certainty: Certainty | undefined;
}

/** A spec as it was read for all its targets: what rules look at. */
export interface LintInput {
  readonly source: SpecSource;
  readonly targets: ReadonlyMap<string, Target>;
  /** By target. */
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
  /** The same, taken apart. */
  readonly asserted: ReadonlyMap<string, readonly Asserted[]>;
  readonly resources: Resources;
  readonly matchers: Matchers;
  readonly now: Date;
  /** There are no mistakes in it: what was not seen is not there. */
  readonly isWhole: boolean;
  /** Where an entry or expectation stands in the text. */
  placeOf(position: Position): Place;
}

/** A piece of text of a file, and what is to stand there. */
export interface Edit {
  readonly file: SpecFile;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a rule found. */
export interface Finding {
  readonly place: Place;
  readonly message: string;
  /** The way out. */
  readonly hint?: string;
  /** What mends it without any change of what the spec means. */
  readonly fix?: readonly Edit[];
}

/** A finding with the code of its rule, as a problem of the spec. */
export interface LintProblem extends Problem {
  readonly fix?: readonly Edit[];
}

/**
 * What can be wrong with a spec that the language allows: one object literal in `lint-rules/<name>.ts`. Pure. A rule tells
 * only what is certain; what could be meant is left alone.
 */
export interface LintRule {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  /** `error`: it can only fail, or is over. `warning`: it says nothing, or not what was meant. */
  readonly severity: 'error' | 'warning';
  /** Why it matters and what to do: Markdown, whole sentences. */
  readonly help: string;
  /** `lint --fix` mends some of what it finds. */
  readonly fixable?: true;
  check(input: LintInput): readonly Finding[];
}

/** All names, sorted: `lint-rules/unused-variable.ts` is `unused-variable`. */
export function lintRuleNames(): readonly string[] {
  return listFolder(import.meta.url, 'lint-rules');
}

/** Imports rules, side by side. */
export async function loadLintRules(names: readonly string[] = lintRuleNames()): Promise<readonly LintRule[]> {
  return Promise.all(
    names.map(async (name) => ((await import(`./lint-rules/${name}.js`)) as { default: LintRule }).default),
  );
}
