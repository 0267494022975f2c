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
  guard: { id: string; until: number; phase: string; rollingBack: boolean } | undefined;
  cause: 'deadline' | 'asked' = 'asked';
  private job: { job: Job; next: string; ends: number; exit: number } | undefined;
  private looks = 0;
  private ended = false;

  constructor(private readonly script: Script) {}

  /** Somebody waits for the timer: it is looked at whenever something is asked. */
  private async ask(what: string): Promise<void> {
    await new Promise((done) => setTimeout(done, 1));
    if (this.guard && !this.guard.rollingBack && Date.now() >= this.guard.until) this.restore('deadline');
    if (this.asked.at(-1) !== what) this.asked.push(what);
    this.script.before?.(what, this);
  }

  private restore(cause: 'deadline' | 'asked'): void {
    if (!this.guard) return;
    this.guard.rollingBack = true;
    this.cause = cause;
    this.ended = true;
    if (this.script.rollbackFails) return;
    this.job = undefined;
    this.current = old;
    this.profile = old;
    this.boot = old;
  }

  async inspect(_signal?: AbortSignal): Promise<TargetState> {
    await this.ask('inspect');
    return {
      ...{ root: true, lacks: [], current: this.current, profile: this.profile, bootId: 'b', lockHeld: false },
      ...{ systemState: 'running', failedUnits: [], boot: { loader: 'systemd-boot', once: true, system: this.boot } },
      ...{ free: {}, cursor: 'c' },
    };
  }

  async readGuard(): Promise<Guard | 'absent'> {
    await this.ask('readGuard');
    return 'absent';
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

  async arm({ id, seconds }: ArmRequest): Promise<Armed> {
    await this.ask('arm');
    this.guard = { id, until: Date.now() + seconds * 1000, phase: 'armed', rollingBack: false };
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
    return { status: 'disarmed' } as const;
  }

  async startJob(_id: string, job: Job, path: string) {
    await this.ask(`start ${job}`);
    if (!this.guard || this.guard.rollingBack) return { status: 'refused', reason: 'it is being rolled back' } as const;
    const { exit = 0, seconds = 0, hangs = false } = this.script.activation ?? {};
    if (job === 'test') this.job = { job, next: path, ends: hangs ? Infinity : Date.now() + seconds * 1000, exit };
    else this.job = { job, next: path, ends: 0, exit: this.script.keepExit ?? 0 };
    return { status: 'started' } as const;
  }

  async followJob(): Promise<Progress> {
    await this.ask('follow');
    const { job } = this;
    if (!job) return { status: 'gone', reason: 'no job' };
    if (Date.now() < job.ends) return { status: 'running', seconds: 1, output: 'at it' };
    if (job.job === 'test' && job.exit !== 1) this.current = job.next;
    if (job.job === 'keep' && job.exit === 0) {
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
    const { rollbackFails } = this.script;
    const ended = rollbackFails ? 'failed' : 'restored';
    return {
      status: 'ended',
      result: {
        ...{ id: this.guard.id, ended, reason: rollbackFails ? 'exit status 1' : '', old, current: this.current },
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
