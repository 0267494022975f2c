import { startDeadline } from '../deadline.js';
import { NixspecError } from '../error.js';
import type { Run } from '../model.js';
import type { StateEntry, UnitJournal } from '../switch-model.js';
import type { Transport } from '../transport.js';
import { ask } from './ask-target.js';
import type { UnitState } from './decide.js';
import { readLastRollback } from './last-rollback.js';
import { listUnits, readJournalSince } from './look-at-units.js';
import type {
  Armed,
  ArmRequest,
  Disarmed,
  Extended,
  Guard,
  Job,
  Progress,
  RollbackProgress,
  SnapshotTaken,
  Started,
  Step,
  TargetState,
} from './state.js';
import { arm } from './target/arm.js';
import { disarm, extend, readGuard } from './target/guard.js';
import { inspectTarget } from './target/inspect.js';
import { adoptNext, enterCommand, followJob, startJob } from './target/job.js';
import { reboot } from './target/reboot.js';
import { followRollback, startRollback } from './target/rollback.js';
import { takeSnapshot } from './target/snapshot.js';

/**
 * The target as the runner of a switch needs it. What is evidence (`verify`, `extend`, `disarm`, `inspect`) goes over a
 * connection that is made for it: one that was there before says nothing about whether a new one can be had.
 *
 * All of them throw NixspecError where there is no answer: what was asked may then have been done or not.
 */
export interface Machine {
  readonly name: string;
  inspect(signal: AbortSignal, next?: string): Promise<TargetState>;
  readGuard(signal: AbortSignal): Promise<Guard | 'absent'>;
  units(signal: AbortSignal): Promise<readonly UnitState[]>;
  journal(cursor: string, units: readonly string[], signal: AbortSignal): Promise<readonly UnitJournal[]>;
  snapshot(id: string, entry: StateEntry, signal: AbortSignal): Promise<SnapshotTaken>;
  arm(request: ArmRequest, signal: AbortSignal): Promise<Armed>;
  extend(id: string, seconds: number, signal: AbortSignal): Promise<Extended>;
  disarm(id: string, signal: AbortSignal): Promise<Disarmed>;
  startJob(id: string, job: Job, next: string, signal: AbortSignal, bootSeconds?: number): Promise<Started>;
  followJob(id: string, signal: AbortSignal): Promise<Progress>;
  enterCommand(id: string, signal: AbortSignal): Promise<Started>;
  adoptNext(id: string, next: string, signal: AbortSignal): Promise<Started>;
  startRollback(id: string, signal: AbortSignal): Promise<Started>;
  followRollback(id: string, signal: AbortSignal): Promise<RollbackProgress>;
  reboot(id: string, signal: AbortSignal): Promise<Started>;
  /** What a rollback said that nobody was there to read; undefined where there was none. @param clear removes it */
  lastRollback(clear: boolean, signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** @param stage which look of the switch it is: `before`, `switched` … */
  verify(stage: string, signal: AbortSignal): Promise<Run>;
  /** Drops the connection that is kept; the next question makes another. */
  close(): Promise<void>;
}

export interface Reaching {
  readonly name: string;
  /** A new connection, shared with nobody. */
  connect(signal: AbortSignal): Promise<Transport>;
  verify(transport: Transport, stage: string, signal: AbortSignal): Promise<Run>;
}

/** Seconds for one attempt to connect: a target that is switched may drop packets for a while. */
const patience = 20;

export class RemoteMachine implements Machine {
  readonly name: string;
  /** For what is no evidence; made when it is needed, and again when it was lost. */
  private kept: Promise<Transport> | undefined;

  constructor(private readonly reaching: Reaching) {
    this.name = reaching.name;
  }

  inspect(signal: AbortSignal, next?: string) {
    return this.askAnew(inspectTarget(next), signal);
  }

  readGuard(signal: AbortSignal) {
    return this.askAnew(readGuard(), signal);
  }

  units(signal: AbortSignal) {
    return this.ask(listUnits(), signal);
  }

  journal(cursor: string, units: readonly string[], signal: AbortSignal) {
    return this.ask(readJournalSince(cursor, units), signal);
  }

  snapshot(id: string, entry: StateEntry, signal: AbortSignal) {
    return this.ask(takeSnapshot(id, entry), signal);
  }

  arm(request: ArmRequest, signal: AbortSignal) {
    return this.ask(arm(request), signal);
  }

  extend(id: string, seconds: number, signal: AbortSignal) {
    return this.askAnew(extend(id, seconds), signal);
  }

  disarm(id: string, signal: AbortSignal) {
    return this.askAnew(disarm(id), signal);
  }

  startJob(id: string, job: Job, next: string, signal: AbortSignal, bootSeconds?: number) {
    return this.ask(startJob(id, job, next, bootSeconds), signal);
  }

  followJob(id: string, signal: AbortSignal) {
    return this.ask(followJob(id), signal);
  }

  enterCommand(id: string, signal: AbortSignal) {
    return this.ask(enterCommand(id), signal);
  }

  adoptNext(id: string, next: string, signal: AbortSignal) {
    return this.ask(adoptNext(id, next), signal);
  }

  /** Over whatever still stands: where no new connection can be had, an old one may be the only way. */
  startRollback(id: string, signal: AbortSignal) {
    return this.ask(startRollback(id), signal);
  }

  followRollback(id: string, signal: AbortSignal) {
    return this.ask(followRollback(id), signal);
  }

  reboot(id: string, signal: AbortSignal) {
    return this.ask(reboot(id), signal);
  }

  lastRollback(clear: boolean, signal: AbortSignal) {
    return this.ask(readLastRollback(clear), signal);
  }

  async verify(stage: string, signal: AbortSignal): Promise<Run> {
    const transport = await this.connect(signal);
    try {
      return await this.reaching.verify(transport, stage, signal);
    } finally {
      await transport.close();
    }
  }

  async close(): Promise<void> {
    const kept = this.kept;
    this.kept = undefined;
    await kept?.then((transport) => transport.close()).catch(() => {});
  }

  private async ask<T>(step: Step<T>, signal: AbortSignal): Promise<T> {
    this.kept ??= this.connect(signal);
    try {
      return await ask(await this.kept, step, signal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  private async askAnew<T>(step: Step<T>, signal: AbortSignal): Promise<T> {
    const transport = await this.connect(signal);
    try {
      return await ask(transport, step, signal);
    } finally {
      await transport.close();
    }
  }

  private async connect(signal: AbortSignal): Promise<Transport> {
    const deadline = startDeadline(patience, signal);
    try {
      return await this.reaching.connect(deadline.signal);
    } catch (error) {
      if (!deadline.isOver()) throw error;
      const message = `${this.name}: no connection within ${patience} s`;
      throw new NixspecError('connection-timed-out', message, {
        operation: 'connect',
        target: this.name,
        cause: error,
      });
    } finally {
      deadline.clear();
    }
  }
}
