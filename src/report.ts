import { listFolder } from './folder.js';
import type { Comparison, Rehearsal, Run } from './model.js';
import type { Switch } from './switch-model.js';
import type { Paint } from './terminal.js';

/** What is reported: runs, and comparisons that end in one of them. */
export interface Result {
  readonly runs: readonly Run[];
  readonly comparisons: readonly Comparison[];
  /** The earlier runs that the comparisons start from, for their names and times. */
  readonly baselines: readonly Run[];
  /** Of which the runs and comparisons are the parts. */
  readonly rehearsal?: Rehearsal;
  /** Likewise. */
  readonly switch?: Switch;
}

export interface ReportOptions {
  readonly paint: Paint;
  /** Show everything: also what passed, and its values. */
  readonly verbose: boolean;
  /** Columns that may be used. */
  readonly width: number;
  /** `diff` shows comparisons alone. */
  readonly runs: boolean;
}

/** A rendering of a result: one object in `reports/<name>.ts`. Pure; ends with a newline, or is empty. */
export interface Report {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  render(result: Result, options: ReportOptions): string;
}

/** All names, sorted: `reports/json.ts` is `json`. */
export function reportNames(): readonly string[] {
  return listFolder(import.meta.url, 'reports');
}

/** Imports one report by name. */
export async function loadReport(name: string): Promise<Report> {
  return ((await import(`./reports/${name}.js`)) as { default: Report }).default;
}
