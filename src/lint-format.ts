import { listFolder } from './folder.js';
import type { LintProblem, LintRule } from './lint-rule.js';

/** What `lint` says of one spec. */
export interface Linted {
  /** As it was named. */
  readonly file: string;
  readonly problems: readonly LintProblem[];
  /** Number of entries by target; missing where the mistakes leave nothing to count. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface LintOptions {
  readonly color: boolean;
  readonly version: string;
  /** Those that were asked, for formats that tell of them too. */
  readonly rules: readonly LintRule[];
}

/** Both parts may be empty; else they end in a newline. */
export interface LintText {
  /** For standard output. */
  readonly out: string;
  /** For standard error: what people read. */
  readonly err: string;
}

/** A rendering of what `lint` found: one object in `lint-formats/<name>.ts`. Pure. */
export interface LintFormat {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  render(linted: readonly Linted[], options: LintOptions): LintText;
}

/** All names, sorted: `lint-formats/sarif.ts` is `sarif`. */
export function lintFormatNames(): readonly string[] {
  return listFolder(import.meta.url, 'lint-formats');
}

/** Imports one format by name. */
export async function loadLintFormat(name: string): Promise<LintFormat> {
  return ((await import(`./lint-formats/${name}.js`)) as { default: LintFormat }).default;
}
