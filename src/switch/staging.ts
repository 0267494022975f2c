import { exitCodes } from '../error.js';
import type { Run, Target } from '../model.js';
import { showDuration } from '../value.js';
import { exitCodeOf } from '../verdict.js';

/** What the runs of the staging target say about the configuration that is to be switched to. */
export type StagingVerdict =
  /** `notes`: how far that is known. */
  | { readonly status: 'passed'; readonly run: Run; readonly notes: readonly string[] }
  /** The spec has no staging target: nobody meant to. */
  | { readonly status: 'none' }
  | { readonly status: 'missing' | 'failed' | 'other' | 'old'; readonly message: string };

export interface StagingQuestion {
  /** The staging target: undefined where the spec has none. */
  readonly staging?: string;
  /** Its saved runs of `verify`, oldest first. */
  readonly runs: readonly Run[];
  /** The system that is to be switched to, where it is known beforehand. */
  readonly next?: string;
  readonly now: Date;
}

/** Seconds: of a run that cannot be told to be of this very configuration. */
const oldest = 24 * 3600;

/** `compare-with` where that is another machine, else the only staging VM of the spec. */
export function findStaging(target: Target, targets: ReadonlyMap<string, Target>): Target | undefined {
  const named = target.compareWith === undefined ? undefined : targets.get(target.compareWith);
  if (named && named.name !== target.name) return named;
  const vms = [...targets.values()].filter(({ vm, name }) => vm && name !== target.name);
  return vms.length === 1 ? vms[0] : undefined;
}

/**
 * Did staging pass for this configuration? The VM's own system path is another one than production's, whatever they have
 * in common, so that a run of a VM says which system its host would be switched to. Where that is not known of the run or
 * of what is to come, the latest run counts, and only for a day. Pure.
 */
export function judgeStaging({ staging, runs, next, now }: StagingQuestion): StagingVerdict {
  if (staging === undefined) return { status: 'none' };
  const latest = runs.at(-1);
  if (!latest) return { status: 'missing', message: `there is no run of ${staging} yet` };
  const same = next === undefined ? undefined : runs.filter((run) => systemOf(run) === next).at(-1);
  if (same) return judgeRun(same, staging, now, []);
  if (next !== undefined && systemOf(latest) !== undefined) {
    const message = `the last run of ${staging}, ${ageOf(latest, now)} ago, was of another configuration (${systemOf(latest)})`;
    return { status: 'other', message };
  }
  if (secondsSince(latest, now) > oldest) {
    const message = `the last run of ${staging} is ${ageOf(latest, now)} old, and it is not known of which configuration it was`;
    return { status: 'old', message };
  }
  const unknown = `it is not known whether the last run of ${staging}, ${ageOf(latest, now)} ago, was of this very configuration`;
  return judgeRun(latest, staging, now, [unknown]);
}

/** A machine that was switched runs what it runs; a VM stands for the system of its host. */
function systemOf({ vm, system }: Run): string | undefined {
  return vm ? vm.toplevel : system.path;
}

function judgeRun(run: Run, staging: string, now: Date, notes: readonly string[]): StagingVerdict {
  const code = exitCodeOf([run], []);
  if (code === exitCodes.passed) return { status: 'passed', run, notes };
  const what = code === exitCodes.failed ? 'failed' : 'left something unknown';
  return { status: 'failed', message: `the run of ${staging} of ${ageOf(run, now)} ago ${what} (${run.id})` };
}

function secondsSince({ started }: Run, now: Date): number {
  return Math.max(1, Math.round((now.getTime() - Date.parse(started)) / 1000));
}

/** In one unit: days, hours, minutes or seconds. */
function ageOf(run: Run, now: Date): string {
  const seconds = secondsSince(run, now);
  const unit = [86_400, 3600, 60].find((size) => seconds >= 2 * size) ?? 1;
  return showDuration(Math.floor(seconds / unit) * unit);
}
