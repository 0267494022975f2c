import { NixspecError } from '../../src/error.js';
import type { Outcome, Run } from '../../src/model.js';
import type { UnitState } from '../../src/switch/decide.js';
import type { Machine } from '../../src/switch/machine.js';
import type {
  Armed,
  ArmRequest,
  Guard,
  Job,
  Progress,
  RollbackProgress,
  SnapshotTaken,
  TargetState,
} from '../../src/switch/state.js';
import type { StateEntry } from '../../src/switch-model.js';
import { makeOutcome, makeRun } from './make-run.js';

/** What a test lets happen. */
export interface Script {
  /** By stage: what the spec says then. Default: all passes. */
  readonly outcomes?: { readonly [stage: string]: readonly Partial<Outcome>[] };
  /** By number of the look, from 0; the last one holds. */
  readonly units?: readonly (readonly UnitState[])[];
  readonly activation?: { readonly exit?: number; readonly seconds?: number; readonly hangs?: boolean };
  readonly keepExit?: number;
  /** Is called before anything is asked; throwing `away` is an answer that does not come. */
  readonly before?: (what: string, machine: FakeMachine) => void;
  readonly snapshotFails?: boolean;
  readonly rollbackFails?: boolean;
  readonly current?: string;
  /** What a reboot brings, where that is not what the boot loader was asked for. */
  readonly boots?: 'old' | 'nothing';
  /** Of the guard of the boot, that waits for somebody to arm again. */
  readonly bootSeconds?: number;
}

export const old = '/nix/store/old';
export const next = '/nix/store/new';

/** No answer. */
export function away(): never {
  throw new NixspecError('connection-timed-out', 'no connection', { operation: 'connect' });
}

/** A target in memory, with a dead man's switch that works. */
export class FakeMachine implements Machine {
  readonly name = 'production';
  /** What was asked, in order, without what is asked again and again. */
  readonly asked: string[] = [];
  current = old;
  profile = old;
  boot = old;
  bootId = 1;
  /** The next boot alone. */
  once: string | undefined;
  /** Reboots into the old system unless somebody arms again. */
  bootGuard: { id: string; until: number } | undefined;
  private isOff = false;
  guard: { id: string; until: number; phase: string; rollingBack: boolean } | undefined;
  cause: 'deadline' | 'asked' = 'asked';
  private job: { job: Job; next: string; ends: number; exit: number } | undefined;
  private looks = 0;
  private ended = false;
  private isBackByReboot = false;

  constructor(private readonly script: Script) {}

  /** Somebody waits for the timer: it is looked at whenever something is asked. */
  private async ask(what: string): Promise<void> {
    await new Promise((done) => setTimeout(done, 1));
    if (this.guard && !this.guard.rollingBack && Date.now() >= this.guard.until) this.restore('deadline');
    if (this.bootGuard && this.current === next && !this.guard && Date.now() >= this.bootGuard.until) {
      this.profile = old;
      this.bootGuard = undefined;
      this.goDown();
    }
    if (this.asked.at(-1) !== what) this.asked.push(what);
    this.script.before?.(what, this);
    if (this.isOff) away();
  }

  private restore(cause: 'deadline' | 'asked'): void {
    if (!this.guard) return;
    this.guard.rollingBack = true;
    this.cause = cause;
    this.ended = true;
    if (this.script.rollbackFails) return;
    this.job = undefined;
    this.once = undefined;
    this.bootGuard = undefined;
    this.isBackByReboot = this.bootId > 1 && this.current === next;
    if (!this.isBackByReboot) this.current = old;
    this.profile = old;
    this.boot = old;
  }

  async inspect(_signal?: AbortSignal): Promise<TargetState> {
    await this.ask('inspect');
    return {
      ...{ root: true, lacks: [], current: this.current, profile: this.profile, bootId: `b${this.bootId}` },
      ...{ systemState: 'running', failedUnits: [], boot: { loader: 'systemd-boot', once: true, system: this.boot } },
      ...{ free: {}, cursor: 'c', lockHeld: false, ...(this.found() && { guard: this.found() as Guard }) },
    };
  }

  async readGuard(): Promise<Guard | 'absent'> {
    await this.ask('readGuard');
    return this.found() ?? 'absent';
  }

  private found(): Guard | undefined {
    const found = this.guard ?? this.bootGuard;
    if (!found) return undefined;
    const phase = this.guard ? (this.guard.phase as Guard['phase']) : 'booted';
    const told = { runner: 'me@here', spec: 'nixspec.yaml', target: 'production', old, profile: old, boot: old, next };
    const remaining = (found.until - Date.now()) / 1000;
    return { id: found.id, phase, trigger: 'timer', remaining, bootId: 'b1', generation: 1, ...told };
  }

  /** What it boots is what it was asked for once, else the default. */
  private goDown(): void {
    const { boots } = this.script;
    if (boots === 'nothing' && this.once !== undefined) this.isOff = true;
    this.current = this.once !== undefined && boots !== 'old' ? this.once : this.boot;
    this.once = undefined;
    this.guard = undefined;
    this.job = undefined;
    this.bootId += 1;
    if (this.bootGuard) this.bootGuard.until = Date.now() + (this.script.bootSeconds ?? 60) * 1000;
  }

  /** By hand, after a boot that came to nothing. */
  powerCycle(): void {
    this.isOff = false;
    this.goDown();
  }

  async units(): Promise<readonly UnitState[]> {
    await this.ask('units');
    const { units = [[]] } = this.script;
    const found = units[Math.min(this.looks, units.length - 1)] ?? [];
    this.looks += 1;
    return found;
  }

  async journal(_cursor: string, units: readonly string[]) {
    await this.ask('journal');
    return units.map((unit) => ({ unit, lines: ['it said something'] }));
  }

  async snapshot(id: string, { name }: StateEntry): Promise<SnapshotTaken> {
    await this.ask(`snapshot ${name}`);
    if (this.script.snapshotFails) return { status: 'failed', reason: 'no space left' };
    return { status: 'taken', made: `${name}@${id}`, restore: `zfs rollback ${name}@${id}` };
  }

  async arm({ id, seconds, restore }: ArmRequest): Promise<Armed> {
    await this.ask(restore ? 'arm again' : 'arm');
    const phase = restore && this.current === next ? 'activated' : restore ? 'unknown' : 'armed';
    this.guard = { id, until: Date.now() + seconds * 1000, phase, rollingBack: false };
    this.ended = false;
    return { status: 'armed', remaining: seconds, old, profile: old };
  }

  async extend(_id: string, seconds: number) {
    await this.ask('extend');
    if (!this.guard || this.guard.rollingBack) return { status: 'too-late', reason: 'it has begun' } as const;
    this.guard.until = Date.now() + seconds * 1000;
    return { status: 'extended', remaining: seconds } as const;
  }

  async disarm() {
    await this.ask('disarm');
    if (this.guard?.rollingBack && !this.ended) return { status: 'too-late', reason: 'it has begun' } as const;
    this.guard = undefined;
    this.bootGuard = undefined;
    return { status: 'disarmed' } as const;
  }

  async startJob(_id: string, job: Job, path: string) {
    await this.ask(`start ${job}`);
    if (!this.guard || this.guard.rollingBack) return { status: 'refused', reason: 'it is being rolled back' } as const;
    this.guard.phase = { test: 'activated', keep: 'keeping', 'boot-once': 'preparing' }[job];
    const { exit = 0, seconds = 0, hangs = false } = this.script.activation ?? {};
    if (job === 'test') this.job = { job, next: path, ends: hangs ? Infinity : Date.now() + seconds * 1000, exit };
    else this.job = { job, next: path, ends: 0, exit: (job === 'keep' && this.script.keepExit) || 0 };
    return { status: 'started' } as const;
  }

  async followJob(): Promise<Progress> {
    await this.ask('follow');
    const { job } = this;
    if (!job) return { status: 'gone', reason: 'no job' };
    if (Date.now() < job.ends) return { status: 'running', seconds: 1, output: 'at it' };
    if (job.job === 'test' && job.exit !== 1) this.current = job.next;
    if (job.job === 'boot-once') {
      this.profile = job.next;
      this.once = job.next;
      this.bootGuard = { id: 'one', until: Infinity };
    }
    if (job.job === 'keep' && job.exit === 0) {
      this.bootGuard = undefined;
      this.profile = job.next;
      this.boot = job.next;
    }
    return { status: 'ended', exit: job.exit, seconds: 1, output: 'done' };
  }

  async enterCommand() {
    await this.ask('enter command');
    return { status: 'started' } as const;
  }

  async adoptNext() {
    await this.ask('adopt');
    return { status: 'started' } as const;
  }

  async startRollback() {
    await this.ask('start rollback');
    if (!this.guard) return { status: 'refused', reason: 'no guard' } as const;
    this.restore('asked');
    return { status: 'started' } as const;
  }

  async followRollback(): Promise<RollbackProgress> {
    await this.ask('follow rollback');
    if (!this.guard) return { status: 'gone', current: this.current };
    if (!this.guard.rollingBack) return { status: 'waiting', remaining: 1 };
    const { rollbackFails } = this.script;
    const ended = rollbackFails ? 'failed' : this.isBackByReboot ? 'reboot' : 'restored';
    const { id } = this.guard;
    const bootId = `b${this.bootId}`;
    if (ended === 'reboot') this.goDown();
    return {
      status: 'ended',
      bootId,
      result: {
        ...{ id, ended, reason: rollbackFails ? 'exit status 1' : '', old, current: this.current },
        ...{ profileRestored: false, tries: 1, cause: this.cause, restarted: [], seconds: 1, log: '' },
      },
    };
  }

  async lastRollback() {
    await this.ask('last rollback');
    return undefined;
  }

  async reboot() {
    await this.ask('reboot');
    if (!this.guard) return { status: 'refused', reason: 'nothing is armed any more' } as const;
    this.goDown();
    return { status: 'started' } as const;
  }

  async verify(stage: string): Promise<Run> {
    await this.ask(`verify ${stage}`);
    const rows = this.script.outcomes?.[stage] ?? [{}];
    const outcomes = rows.map((row) => makeOutcome('unit web active equal', row));
    return makeRun(outcomes, { id: `2026-production+${stage}`, stage });
  }

  async close(): Promise<void> {}
}
