/**
 * All nouns of nixspec as types. Read it first. Imports nothing but the nouns of the inventory, which would make it long.
 *
 * A spec becomes *assertions* and, apart from them, *probes*; probes give *facts*; an assertion and a fact give an
 * *outcome*; facts and outcomes are a *run*; two runs give a *comparison*.
 */

import type { Inventory, InventoryComparison } from './inventory-model.js';

/** Whatever can stand in YAML, in a fact or in a saved run. Durations are seconds, sizes bytes, times epoch seconds. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** The names of the value types; `value.ts` has one object for each. */
export type ValueTypeName =
  | 'boolean'
  | 'number'
  | 'string'
  | 'text'
  | 'list'
  | 'map'
  | 'json'
  | 'duration'
  | 'size'
  | 'time'
  | 'percentage'
  | 'mode'
  | 'version';

/** Whose rules say which of two versions is the later one; `version-order.ts` has both. */
export type VersionRules = 'nix' | 'debian';

/** A value's type and, where it holds others, theirs. */
export interface ValueForm {
  readonly type: ValueTypeName;
  /** Of the elements of a list, or the values of a map (default `string`). */
  readonly values?: ValueTypeName;
  /** Of versions: where it is known what made them. Else the versions themselves must tell. */
  readonly versionRules?: VersionRules;
  /** Where it stands in the JSON around it, as a path of GJSON. */
  readonly place?: string;
}

/** A place in a spec; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One mistake in a spec. `code` is stable: people silence and search for it. */
export interface Problem {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** The way out, when there is one: `did you mean "listening"?` */
  readonly hint?: string;
  readonly position: Position;
  /** Number of characters that the caret line marks; at least 1. */
  readonly length: number;
  /** The source line, so that a frame can be drawn without the file. */
  readonly source?: string;
}

// ---------------------------------------------------------------------------------------------------- targets

/** How to reach a machine, as written under `targets`. */
export interface Target {
  readonly name: string;
  readonly ssh?: SshTarget;
  /** Run on this machine, without SSH. */
  readonly local?: boolean;
  /** The staging VM. Described in the spec, built and booted by `nixspec verify vm`. */
  readonly vm?: { readonly [key: string]: Value };
  readonly transport?: 'ssh2' | 'openssh';
  readonly sudo?: boolean;
  readonly compareWith?: string;
  /** Where network probes start from unless an entry says otherwise. */
  readonly from: 'runner' | 'target';
  readonly position?: Position;
}

/** What one would type after `ssh`, taken apart. Paths are as the user wrote them. */
export interface SshTarget {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  readonly knownHosts?: string;
  readonly config?: string;
  readonly jump?: string;
}

// ------------------------------------------------------------------------------------------------- assertions

/**
 * What is expected of one value: a matcher and its argument, already read with the type of the property.
 * For `and`, `or`, `not` and the element matchers the argument holds expectations again.
 */
export interface Expectation {
  readonly matcher: string;
  readonly argument: Argument;
}

/** The argument of a matcher after reading: plain data, a compiled pattern, or nested expectations. */
export type Argument = Value | Expectation | readonly Argument[] | { readonly [key: string]: Argument };

/** What an entry says beside its properties. Durations in seconds. */
export interface EntryOptions {
  readonly title?: string;
  readonly tags: readonly string[];
  readonly severity: 'error' | 'warning';
  /** How long it may take to become true; 0 looks once. */
  readonly within: number;
  /** How often to look again. */
  readonly every: number;
  /** Why the entry is not run. */
  readonly skip?: string;
  /** A failure that is known and accepted for a time. */
  readonly waive?: Waiver;
}

/** Still run and reported, but apart: it fails no run until it is over. */
export interface Waiver {
  readonly reason: string;
  /** The last day it holds (UTC), as written: `2027-01-31`. */
  readonly until: string;
}

/** One subject under one resource type, read for one target. */
export interface Entry {
  readonly resource: string;
  readonly subject: string;
  /** The subject for people and ids, where it holds secrets: `${secret.NAME}` stands for them. */
  readonly shownSubject?: string;
  readonly params: { readonly [name: string]: Value };
  readonly timeout?: number;
  readonly options: EntryOptions;
  readonly expectations: readonly PropertyExpectation[];
  /** Names of entries (`unit nginx.service`) that must have passed before this one is looked at. */
  readonly needs?: readonly string[];
  readonly position: Position;
}

/** One property (or a path inside a map property), one matcher. */
export interface PropertyExpectation {
  /** `['headers', 'content-type']`: the property, then keys inside it. */
  readonly path: readonly string[];
  /** The path for people and ids, where it holds secrets. */
  readonly shownPath?: readonly string[];
  readonly expectation: Expectation;
  /** The value as written, for people. */
  readonly expected: Value;
  /** True when the spec has another value for another target. */
  readonly perTarget: boolean;
  readonly position: Position;
  /** Why it is not judged on this target (no `per-target` value). */
  readonly skip?: string;
}

/** One property, one matcher, one expected value, for one target. */
export interface Assertion {
  /** Joins runs: `http https://git.example.org/ headers.content-type have-prefix`. Unique in a run. */
  readonly id: string;
  readonly resource: string;
  readonly subject: string;
  /** Path joined by dots. */
  readonly property: string;
  readonly path: readonly string[];
  readonly type: ValueTypeName;
  /** Of a list or map: the type of what is in it. */
  readonly values?: ValueTypeName;
  readonly volatile?: true;
  readonly secret?: true;
  readonly expectation: Expectation;
  readonly expected: Value;
  readonly perTarget: boolean;
  readonly options: EntryOptions;
  readonly position: Position;
  readonly skip?: string;
  readonly needs?: readonly Need[];
  /** Which query's observation answers it. */
  readonly query: string;
}

/** An entry that must have passed before another one is looked at. */
export interface Need {
  /** `unit nginx.service` */
  readonly name: string;
  /** Ids of its assertions; none where it is not for the target. */
  readonly assertions: readonly string[];
}

// ------------------------------------------------------------------------------------------------------ probes

/** One question: a subject with its parameters and the properties that are wanted. Equal questions are asked once. */
export interface Query {
  readonly id: string;
  readonly resource: string;
  readonly subject: string;
  readonly params: { readonly [name: string]: Value };
  readonly wanted: ReadonlySet<string>;
  /** The subject for people and facts, where it holds secrets. */
  readonly shownSubject?: string;
  /** Seconds this one may take. */
  readonly timeout?: number;
}

/** Shell text that was made by the quoting template in `shell/sh.ts`, and by nothing else. */
export interface Script {
  readonly raw: string;
}

/** What a resource's properties may be answered with; `resource.ts` derives it from the property table. */
export type Readings = { readonly [property: string]: Reading | undefined };

export interface ShellProbe<R = Readings> {
  readonly kind: 'shell';
  readonly answers: readonly Query[];
  readonly script: Script;
  /** Exit codes that are answers; any other makes every query of the probe unknown. `any`: the exit code is the fact. */
  readonly exits: readonly number[] | 'any';
  /** Seconds until it is killed. */
  readonly limit: number;
  /** Bytes kept of each of stdout and stderr. */
  readonly maxBytes: number;
  /** `own`: a user's command; many of them share a bounded number of slots. */
  readonly slots: 'shared' | 'own';
  /** Output that nobody wants is not kept, but for the end of standard error, which says what went wrong. */
  readonly drops?: 'stdout' | 'stderr' | 'both';
  /** Pure. One observation for each query by id; a query left out is unknown. */
  parse(output: ShellOutput): ReadonlyMap<string, Observation<R>>;
}

export interface ShellOutput {
  readonly exit: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** True where output was cut at `maxBytes`. */
  readonly truncated: boolean;
}

export interface NetworkProbe<R = Readings> {
  readonly kind: 'network';
  readonly answers: readonly Query[];
  /** Where the conversation starts; undefined takes the target's default. */
  readonly from?: 'runner' | 'target';
  /** Seconds until `signal` fires and the answer is unknown. */
  readonly limit: number;
  /** One observation for each query by id. What it throws makes its queries unknown. */
  talk(network: Network, signal: AbortSignal): Promise<ReadonlyMap<string, Observation<R>>>;
}

/** Answered by the spec itself: nobody is asked, and `plan` has nothing to show. */
export interface GivenProbe<R = Readings> {
  readonly kind: 'given';
  readonly answers: readonly Query[];
  readonly observations: ReadonlyMap<string, Observation<R>>;
}

export type Probe<R = Readings> = ShellProbe<R> | NetworkProbe<R> | GivenProbe<R>;

/** What a network probe may use. From the target it runs over forwarded channels of the SSH connection. */
export interface Network {
  readonly from: 'runner' | 'target';
  /** The target stands in for the real machine (a staging VM): the public names of a spec mean the target itself. */
  readonly standsIn: boolean;
  /** Names that do not, since they are those of other staging VMs beside it. Patterns begin with `*.`. */
  readonly others?: readonly string[];
  /**
   * A byte stream to host:port, names resolved at the end it starts from.
   * @throws Unreachable when the far end answered no
   */
  connect(
    host: string,
    port: number,
    signal: AbortSignal,
    localAddress?: string,
  ): Promise<import('node:stream').Duplex>;
  /** Sends one datagram and waits for one answer; undefined where the end has no datagrams (SSH forwards none). */
  readonly datagram?: (
    host: string,
    port: number,
    message: Buffer,
    signal: AbortSignal,
    localAddress?: string,
  ) => Promise<Buffer>;
}

/**
 * Readings, or *absent* (looked, it is not there), or *unknown* (could not look). *Several*: the subject names more than
 * one thing (`backup-*.service`); each must hold what is expected, and `readings` are of all of them together.
 */
export type Observation<R = Readings> =
  | ({ readonly status: 'known'; readonly readings: R } & Notes)
  | { readonly status: 'several'; readonly readings: R; readonly members: ReadonlyMap<string, Observation<R>> }
  | { readonly status: 'absent'; readonly reason: string }
  | { readonly status: 'unknown'; readonly reason: string };

/** What goes with readings, for those who judge and tell; no values of their own. */
export interface Notes {
  /** The rules of what keeps the versions among the readings. */
  readonly versionRules?: VersionRules;
  /** For each property what may say why it is not as expected; shown beneath a failure. */
  readonly clues?: { readonly [property: string]: readonly Clue[] };
}

/** What was said beside the answer. As a whole: who shows it masks it before it is cut. */
export interface Clue {
  /** Where it was said: `stderr`. */
  readonly from: string;
  readonly text: string;
}

/** A value, or why there is none. A wanted property that is missing from the readings is unknown. */
export type Reading = Value | NoReading;
export interface NoReading {
  readonly noReading: 'absent' | 'unknown';
  readonly reason: string;
  /** Of what is unknown, the part that is known: it may be enough for a verdict. */
  readonly partly?: PartlyKnown;
}

/** How a text ends, in whole lines; or the least that a number is. */
export type PartlyKnown = { readonly end: string } | { readonly atLeast: number };

// --------------------------------------------------------------------------------------------- facts and outcomes

/** One property found out (or not). */
export interface Fact {
  readonly resource: string;
  readonly subject: string;
  readonly property: string;
  readonly status: 'known' | 'absent' | 'unknown';
  /** So that a saved run can be shown and compared without the table it was made with. */
  readonly type?: ValueTypeName;
  readonly volatile?: true;
  readonly value?: Value;
  readonly reason?: string;
}

export type OutcomeStatus = 'passed' | 'failed' | 'unknown' | 'skipped';

/** The verdict on one assertion. */
export interface Outcome {
  readonly id: string;
  readonly resource: string;
  readonly subject: string;
  readonly property: string;
  readonly matcher: string;
  readonly type: ValueTypeName;
  readonly volatile?: true;
  readonly expected: Value;
  readonly actual?: Value;
  readonly status: OutcomeStatus;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** How often it was looked at; 0 where it was skipped. */
  readonly looks: number;
  readonly title?: string;
  /** The spec has a value of its own for this target. */
  readonly perTarget?: boolean;
  /** Skipped because this entry did not pass: `unit nginx.service`. */
  readonly unmetNeed?: string;
  readonly waived?: Waiver & { readonly expired?: true };
  readonly position: Position;
}

/** One pass over one target; saved as it is. Counts and exit code are computed, never stored. */
export interface Run {
  readonly format: 1;
  readonly id: string;
  readonly target: string;
  /** Which part of a rehearsal it saw: `before`, `switched`, `rebooted` …; missing for a run of `verify`. */
  readonly stage?: string;
  /** How it was reached: `root@web.example.org:22 by ssh2`. */
  readonly reached: string;
  /** Of a staging VM: what it was built for, and what it ran on. */
  readonly vm?: StagingVm;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly finished: string;
  /** What the machine says it is; empty where it could not be told. */
  readonly system: SystemIdentity;
  readonly facts: readonly Fact[];
  readonly outcomes: readonly Outcome[];
  /** What went wrong with the run as a whole: program cut off, connection lost. */
  readonly problems: readonly string[];
  /** What the host is made of, asserted or not; missing where nobody asked for it. */
  readonly inventory?: Inventory;
}

/** An upgrade rehearsal: what is deployed, in a VM, brought to the new configuration. */
export interface Rehearsal {
  readonly target: string;
  /** The deployed configuration, as Nix names it, and how it was found out. */
  readonly from: string;
  readonly reason: string;
  readonly to: string;
  readonly steps: readonly RehearsalStep[];
}

export interface RehearsalStep {
  /** That of the run that followed. */
  readonly stage: string;
  /** What was done: `boot the new VM on the disk of the old one`. */
  readonly action: string;
  /** `skipped`: it cannot be done in this way, which is no fault of the new configuration. */
  readonly status: 'done' | 'failed' | 'skipped';
  /** In words, where there is more to say than that it was done. */
  readonly message: string;
  readonly seconds: number;
  /** The end of what the switch printed, where it did not go well. */
  readonly output: string;
  /** What units went through; those that nothing happened to are not here. */
  readonly units: readonly UnitOnTheWay[];
  /** Why `units` cannot be told. */
  readonly unknown?: string;
  /** The id of the run that followed it. */
  readonly run?: string;
}

export interface UnitOnTheWay {
  readonly name: string;
  /**
   * `broken`: failed at the end, and not before. `failing`: failed at the end, as it was before. `stumbled`: failed, and got
   * over it. `restarted`, `started`, `stopped`: by the switch, without a failure.
   */
  readonly kind: 'broken' | 'failing' | 'stumbled' | 'restarted' | 'started' | 'stopped';
  readonly failures: number;
  /** The last that a unit that failed had to say. */
  readonly messages: readonly string[];
  /** The spec says something about it: then its word decides, and not that of systemd. */
  readonly asserted: boolean;
}

/** Platforms in Nix's words: `x86_64-linux`. */
export interface StagingVm {
  /** Of the machine that nixspec and QEMU ran on. */
  readonly runner: string;
  /** That the VM was built for, and that its host is configured for; missing where nixspec did not build it. */
  readonly system?: string;
  readonly configured?: string;
  /** The system path that a switch of the host itself would bring: what the run is about. */
  readonly toplevel?: string;
  /** By KVM; else its processor was emulated. */
  readonly accelerated: boolean;
}

export interface SystemIdentity {
  readonly path?: string;
  readonly generation?: number;
  readonly architecture?: string;
  readonly hostname?: string;
}

export type ChangeKind = 'broke' | 'fixed' | 'lost' | 'found' | 'drifted' | 'intended' | 'added' | 'removed';

/** One difference between two runs. `id` where an assertion is meant, else it is about a fact. */
export interface Change {
  readonly kind: ChangeKind;
  readonly resource: string;
  readonly subject: string;
  readonly property: string;
  readonly id?: string;
  readonly type?: ValueTypeName;
  readonly severity?: 'error' | 'warning';
  readonly before?: Value;
  readonly after?: Value;
  /** Words for people: the failure message of a *broke*, the reason of a *lost*. */
  readonly message?: string;
}

export interface Comparison {
  readonly from: string;
  readonly to: string;
  /** Assertions that were judged in both. None: the comparison shows nothing. */
  readonly compared: number;
  /** What the two ran on (`x86_64`), where it is not the same. */
  readonly architectures?: { readonly from: string; readonly to: string };
  /** Only the inventories were compared: a run with the one before it of the same target, beside the one it asks for. */
  readonly only?: 'inventory';
  readonly changes: readonly Change[];
  /** Missing where neither run has an inventory. */
  readonly inventory?: InventoryComparison;
}
