/** The nouns of `nixspec switch`. Part of `model.ts`; imports nothing. */

/**
 * How a switch ended. `kept`: the new system is profile and boot default. `rolled-back`: the old one runs again, and that
 * was verified. `not-restored`: it could not be shown to. `left`: something broke, and the new system runs on, as asked by
 * `--no-rollback`. `unchanged`: it ended before anything was touched.
 */
export type SwitchEnd = 'kept' | 'rolled-back' | 'not-restored' | 'left' | 'unchanged';

/** One switch of one target, from before to after. */
export interface Switch {
  readonly target: string;
  readonly ended: SwitchEnd;
  /** In words, why it ended so; empty where it was kept. */
  readonly why: string;
  /** System paths. `new` is missing where a deployer was to make it and did not. */
  readonly old: string;
  readonly new?: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly finished: string;
  readonly steps: readonly SwitchStep[];
  /** What decided against the new system; all of them, whether or not they were allowed. */
  readonly breakages: readonly Breakage[];
  readonly downtime: readonly Downtime[];
  /** Entries that were to be watched, and why they could not be. */
  readonly unwatched: readonly { readonly name: string; readonly reason: string }[];
  readonly snapshots: readonly Snapshot[];
  /** What units that have to do with it said since the switch began. */
  readonly journal: readonly UnitJournal[];
  /** Ids of the runs that were made. */
  readonly runs: {
    readonly before?: string;
    readonly after?: string;
    readonly settled?: string;
    readonly rollback?: string;
  };
  /** What the user should know beside it. */
  readonly notes: readonly string[];
}

export interface SwitchStep {
  /** `arm`, `activate`, `verify` … */
  readonly name: string;
  readonly status: 'done' | 'failed';
  readonly seconds: number;
  /** In words, where there is more to say. */
  readonly message: string;
}

/** One thing that passed before, or was well, and no longer is. */
export interface Breakage {
  /** What `--allow-broken` takes: the id of an assertion, `unit nginx.service`, `activation`. */
  readonly id: string;
  /**
   * `failed`, `lost` (now unknown): an assertion. `unit-failed`, `unit-restarts`: a unit that nothing asserts. `activation`:
   * what switch-to-configuration said. `unreachable`: no fresh connection. `too-late`: the deadline came first.
   * `declined`: a person said no. `interrupted`: Ctrl-C.
   */
  readonly kind:
    | 'failed'
    | 'lost'
    | 'unit-failed'
    | 'unit-restarts'
    | 'activation'
    | 'unreachable'
    | 'too-late'
    | 'declined'
    | 'interrupted';
  readonly message: string;
  /** Named by `--allow-broken`: it is told, and decides nothing. */
  readonly allowed?: true;
  /** The unit that it is about, as far as that can be told. */
  readonly unit?: string;
}

/** When one entry did not answer, as seen from where nixspec runs. */
export interface Downtime {
  /** `http https://git.example.org/` */
  readonly name: string;
  readonly looks: number;
  /** Seconds in all; the true value lies within `precision` of it, for each span. */
  readonly seconds: number;
  /** Seconds between two looks, at most. */
  readonly precision: number;
  /** The first few. */
  readonly spans: readonly DowntimeSpan[];
  /** How many there were. */
  readonly count: number;
}

export interface DowntimeSpan {
  /** ISO 8601, UTC: the first look that failed, and the first that did not any more. */
  readonly from: string;
  /** Missing: still down when the watch ended. */
  readonly to?: string;
  readonly seconds: number;
  /** What the first failed look saw. */
  readonly reason: string;
}

/** A copy of data that was made before the switch. nixspec never restores it by itself. */
export interface Snapshot {
  /** Its name under `state:` of the spec. */
  readonly entry: string;
  readonly kind: 'btrfs' | 'zfs' | 'dump';
  /** What was copied, and what the copy is called. */
  readonly source: string;
  readonly name: string;
  /** The exact command that brings it back. */
  readonly restore: string;
}

export interface UnitJournal {
  readonly unit: string;
  /** The last of them. */
  readonly lines: readonly string[];
}

/** What is to be copied before a switch: one entry of `state:` of the spec. */
export interface StateEntry {
  readonly name: string;
  readonly kind: 'btrfs' | 'zfs' | 'dump';
  /** A path of a subvolume, a data set, or a command for `/bin/sh -c`. */
  readonly source: string;
  /** The folder for a dump. */
  readonly into?: string;
  /** As whom a dump is made. */
  readonly user?: string;
  /** Seconds it may take. */
  readonly timeout: number;
}
