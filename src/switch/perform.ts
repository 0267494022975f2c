import { NixspecError } from '../error.js';
import type { Breakage, Snapshot, Switch, SwitchEnd, UnitJournal } from '../switch-model.js';
import { type Ended, lastLine, runJob } from './activate.js';
import { armRequest, armTarget, disarmQuietly, leaseSeconds } from './arming.js';
import { takeCopies } from './copies.js';
import { isDecisive } from './decide.js';
import { announceDeploy, deployNext } from './deploy.js';
import { Going } from './going.js';
import { judgeNext } from './judge.js';
import { keepNext } from './keep.js';
import { Lease } from './lease.js';
import type { Machine } from './machine.js';
import { persist } from './persist.js';
import { type Before, bootSeconds, type Stage, type SwitchPlan, whatToRestore } from './plan.js';
import { armAfterReboot, awaitStarted, prepareReboot, rebootTarget } from './reboot.js';
import type { Record } from './record.js';
import { rollBack } from './rollback.js';
import { Stop, stopFor } from './stop.js';
import type { Watch } from './watch.js';

/**
 * One switch from arming to its end, whatever happens in between. Until it is armed, what fails is thrown and nothing was
 * touched; afterwards the end is told.
 *
 * @param outer fires on Ctrl-C
 */
export async function performSwitch(
  plan: SwitchPlan,
  before: Before,
  machine: Machine,
  watch: Watch,
  record: Record,
  outer: AbortSignal,
): Promise<Switch> {
  return new Performance(plan, before, machine, watch, record, outer).perform();
}

class Performance {
  private readonly started = new Date();
  private readonly going: Going;
  private lease: Lease;
  /** Never fires: what was begun is seen to its end, also after Ctrl-C. */
  private readonly calm = new AbortController().signal;
  private snapshots: readonly Snapshot[] = [];
  private journal: readonly UnitJournal[] = [];
  private next: string | undefined;
  private touched = false;
  /** The new system runs, or has run: there is something to leave running. */
  private isUp = false;
  /** While nobody has armed it again after a reboot: when it goes back by itself, at the earliest. */
  private backBy: number | undefined;
  /** In which the target was armed last. */
  private bootId: string;

  constructor(
    private readonly plan: SwitchPlan,
    private readonly before: Before,
    private readonly machine: Machine,
    private readonly watch: Watch,
    private readonly record: Record,
    private readonly outer: AbortSignal,
  ) {
    this.next = plan.next;
    this.going = new Going(outer, plan.deadline);
    this.bootId = before.state.bootId;
    this.lease = this.makeLease();
  }

  private makeLease(): Lease {
    const { id, deadline } = this.plan;
    const terms = { seconds: leaseSeconds(this.plan), end: this.started.getTime() + deadline * 1000 };
    return new Lease(this.machine, id, terms, (reason) =>
      this.going.stop(stopFor('unreachable', `the target has gone back by itself: ${reason}`)),
    );
  }

  async perform(): Promise<Switch> {
    try {
      this.snapshots = await takeCopies(this.stage());
      await this.arm();
      return await this.carryOut();
    } finally {
      this.going.clear();
      await this.lease.stop();
    }
  }

  private async carryOut(): Promise<Switch> {
    const stop = await this.tryNext().then(
      (breakages) => this.judged(breakages),
      (error) => this.stopped(error),
    );
    if (stop === undefined) return this.keepOrRollBack();
    if (!this.touched) return this.leaveUntouched(stop);
    if (!this.plan.rollback && this.isUp && !isForced(stop)) return this.leave(stop);
    return this.rollBack(stop);
  }

  /** @returns why it is not to be kept */
  private judged(breakages: readonly Breakage[]): Breakage | undefined {
    this.record.breakages = breakages;
    return breakages.find(isDecisive);
  }

  /** A defect of nixspec is no reason to leave production half switched: told after the rollback. */
  private stopped(error: unknown): Breakage {
    const cause = this.going.reason ?? error;
    const message = cause instanceof Error ? cause.message : String(cause);
    const breakage =
      cause instanceof Stop ? cause.breakage : ({ id: 'unreachable', kind: 'unreachable', message } as const);
    this.record.breakages = [...this.record.breakages, breakage];
    if (breakage.kind === 'interrupted' && this.touched)
      this.record.say(`interrupted: rolling back. ${this.secondCtrlC()}`);
    return breakage;
  }

  private secondCtrlC(): string {
    if (this.backBy !== undefined)
      return `Ctrl-C once more leaves it to the target, which reboots into the old system ${bootSeconds(this.plan)} s after it is up`;
    const at = new Date(this.lease.until).toLocaleTimeString('en-GB');
    return `Ctrl-C once more leaves it to the target, which restores the old system by itself at ${at}`;
  }

  private async arm(): Promise<void> {
    const remaining = await armTarget(this.stage()).catch((error) => {
      throw this.outer.aborted ? interrupted(this.plan.target) : error;
    });
    this.lease.start(remaining);
  }

  // ------------------------------------------------------------------------------------------------- the new system

  private async tryNext(): Promise<readonly Breakage[]> {
    const { signal } = this.going;
    if (signal.aborted) throw signal.reason;
    const activation = await this.bringNext();
    const { soak, allowed } = this.plan;
    return judgeNext({ ...this.stage(), soak, allowed, ...(activation && { activation }) });
  }

  private bringNext(): Promise<Ended | undefined> {
    const { deploy, reboot } = this.plan;
    if (deploy) return this.deploy(deploy);
    return reboot ? this.reboot() : this.activate();
  }

  private async activate(): Promise<Ended> {
    this.touched = true;
    this.isUp = true;
    return this.record.step(
      'activate',
      () => runJob('test', this.next ?? '', { ...this.stage(), id: this.plan.id }),
      ({ exit, output }) => (exit === 0 ? 'activated' : `activated, with exit status ${exit}: ${lastLine(output)}`),
    );
  }

  /** What the user's deployer made current is the new system. */
  private async deploy(run: NonNullable<SwitchPlan['deploy']>): Promise<undefined> {
    await announceDeploy(this.stage());
    this.touched = true;
    this.isUp = true;
    const { exit, next } = await deployNext(this.stage(), run);
    if (next === undefined) {
      this.touched = false;
      throw stopFor('activation', `the command ended with exit status ${exit}, and switched nothing`);
    }
    this.next = next;
    return undefined;
  }

  /** From the reboot until it is armed again the target is guarded by itself alone, and no lease can be wound. */
  private async reboot(): Promise<undefined> {
    this.touched = true;
    await prepareReboot(this.stage(), this.next ?? '');
    await this.lease.stop();
    this.backBy = Date.now() + bootSeconds(this.plan) * 1000;
    const up = await rebootTarget(this.stage());
    const remaining = await armAfterReboot(this.stage(), up);
    this.backBy = undefined;
    this.isUp = true;
    this.bootId = up.bootId;
    this.lease = this.makeLease();
    this.lease.start(remaining);
    await awaitStarted(this.stage());
    return undefined;
  }

  private stage(): Stage {
    const { plan, before, machine, record } = this;
    return { plan, before, machine, record, until: () => this.lease.until, signal: this.going.signal };
  }

  // -------------------------------------------------------------------------------------------------------- the end

  private async keepOrRollBack(): Promise<Switch> {
    try {
      await this.askPerson();
      await this.record.step(
        'keep',
        () => keepNext(this.stage(), this.next ?? '', this.lease),
        () => 'kept: it is profile and boot default',
      );
    } catch (error) {
      return this.rollBack(this.stopped(error));
    }
    return this.end('kept', '');
  }

  private async askPerson(): Promise<void> {
    const settled = this.record.runNamed('settled') ?? this.record.runNamed('after');
    if (!this.plan.confirm || !settled) return;
    const { signal } = this.going;
    const kept = await this.plan.confirm(settled, signal);
    if (signal.aborted) throw signal.reason;
    if (!kept) throw stopFor('declined', 'declined');
  }

  private async rollBack(why: Breakage): Promise<Switch> {
    await this.lease.stop();
    this.record.say(
      `${why.kind === 'declined' ? 'not kept' : 'broke'}: ${why.id === why.kind ? '' : `${why.id}: `}${why.message}`,
    );
    this.journal = await this.readJournal();
    const { restored, why: rest } = await rollBack({
      ...{ machine: this.machine, record: this.record, before: this.before, bootId: this.bootId },
      again: { ...armRequest(this.plan), restore: whatToRestore(this.before) },
      ...{ until: () => this.backBy ?? this.lease.until, allowed: this.plan.allowed, signal: this.calm },
    });
    if (this.journal.length === 0) this.journal = await this.readJournal();
    return this.end(restored ? 'rolled-back' : 'not-restored', restored ? why.message : rest);
  }

  /** Something broke, and the user wants to look at it: it runs until the next boot. */
  private async leave(why: Breakage): Promise<Switch> {
    await this.lease.stop();
    this.journal = await this.readJournal();
    const { plan, machine } = this;
    const disarmed = await persist(
      () => machine.disarm(plan.id, this.calm),
      () => this.lease.until,
      this.calm,
    ).catch(() => undefined);
    if (disarmed?.status === 'disarmed') {
      const also = plan.reboot ? ', and is the profile' : '';
      this.record.note(
        `the new system runs on${also}; it is not the boot default, so that a reboot brings the old one`,
      );
      return this.end('left', why.message);
    }
    return this.rollBack(why);
  }

  private async leaveUntouched(why: Breakage): Promise<Switch> {
    await this.lease.stop();
    const disarmed = await disarmQuietly(this.plan.id, this.machine);
    if (!disarmed) this.record.note('it could not be disarmed: the target clears it away itself, when its timer fires');
    if (why.kind === 'interrupted') throw interrupted(this.plan.target);
    return this.end('unchanged', why.message);
  }

  private async readJournal(): Promise<readonly UnitJournal[]> {
    const { cursor } = this.before.state;
    if (cursor === undefined) return [];
    const units = this.record.breakages.flatMap(({ unit, allowed }) => (unit && !allowed ? [unit] : []));
    const limit = AbortSignal.timeout(20_000);
    return this.machine.journal(cursor, [...new Set(units)], limit).catch(() => []);
  }

  private async end(ended: SwitchEnd, why: string): Promise<Switch> {
    const downtime = await this.watch.stop();
    const { record, before } = this;
    const ids = record.runs.map(({ name, run }) => [name, run.id] as const);
    return {
      ...{ target: this.plan.target, ended, why, old: before.state.current ?? '' },
      ...(this.next !== undefined && { new: this.next }),
      ...{ started: this.started.toISOString(), finished: new Date().toISOString() },
      ...{ steps: record.steps, breakages: record.breakages, downtime, unwatched: this.watch.unwatched },
      ...{ snapshots: this.snapshots, journal: this.journal, notes: record.notes },
      runs: { before: before.run.id, ...Object.fromEntries(ids) },
    };
  }
}

/** Where nobody can look at the target, it is not left as it is. */
function isForced({ kind }: Breakage): boolean {
  return kind === 'unreachable' || kind === 'too-late' || kind === 'interrupted' || kind === 'declined';
}

function interrupted(target: string): NixspecError {
  return new NixspecError('interrupted', 'interrupted: nothing was touched', { operation: 'switch', target });
}
