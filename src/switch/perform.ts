import { hostname, userInfo } from 'node:os';
import { NixspecError } from '../error.js';
import type { Run } from '../model.js';
import type { Breakage, Snapshot, StateEntry, Switch, SwitchEnd, UnitJournal } from '../switch-model.js';
import { countOutcomes } from '../verdict.js';
import { type Ended, lastLine, runJob } from './activate.js';
import { isDecisive, type UnitState } from './decide.js';
import { Going } from './going.js';
import { judgeNext } from './judge.js';
import { Lease } from './lease.js';
import type { Machine } from './machine.js';
import { pause, persist } from './persist.js';
import type { Record } from './record.js';
import { rollBack } from './rollback.js';
import type { Armed, TargetState } from './state.js';
import { Stop, stopFor } from './stop.js';
import type { Watch } from './watch.js';

/** What is to be done, all of it decided before anything is touched. */
export interface SwitchPlan {
  readonly id: string;
  readonly target: string;
  readonly spec: string;
  /** The system to come; missing where `deploy` makes it. */
  readonly next?: string;
  /** The user's own deployer, which makes a system current. @returns its exit status */
  readonly deploy?: (signal: AbortSignal) => Promise<number>;
  readonly snapshots: readonly StateEntry[];
  /** Seconds. */
  readonly soak: number;
  readonly deadline: number;
  readonly allowed: readonly string[];
  readonly rollback: boolean;
  /** Asks a person whether to keep what was verified. */
  readonly confirm?: (settled: Run, signal: AbortSignal) => Promise<boolean>;
}

/** What production was like before. */
export interface Before {
  readonly run: Run;
  readonly units: readonly UnitState[];
  readonly state: TargetState;
}

/** Seconds on the timer of the target; it is wound up again as long as the runner lives. */
const longestLease = 120;

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
  private readonly lease: Lease;
  /** Never fires: what was begun is seen to its end, also after Ctrl-C. */
  private readonly calm = new AbortController().signal;
  private snapshots: readonly Snapshot[] = [];
  private journal: readonly UnitJournal[] = [];
  private next: string | undefined;
  private touched = false;

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
    const seconds = Math.min(longestLease, plan.deadline);
    const terms = { seconds, end: Date.now() + plan.deadline * 1000 };
    this.lease = new Lease(machine, plan.id, terms, (reason) =>
      this.going.stop(stopFor('unreachable', `the target has gone back by itself: ${reason}`)),
    );
  }

  async perform(): Promise<Switch> {
    try {
      this.snapshots = await this.takeSnapshots();
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
    if (!this.plan.rollback && !isForced(stop)) return this.leave(stop);
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
    const at = new Date(this.lease.until).toLocaleTimeString('en-GB');
    return `Ctrl-C once more leaves it to the target, which restores the old system by itself at ${at}`;
  }

  // --------------------------------------------------------------------------------------------- before it is touched

  private async takeSnapshots(): Promise<readonly Snapshot[]> {
    const taken: Snapshot[] = [];
    for (const entry of this.plan.snapshots) {
      const made = await this.record.step(
        `copy ${entry.name}`,
        () => this.machine.snapshot(this.plan.id, entry, this.going.signal),
        (result) => (result.status === 'taken' ? `copied ${entry.name} to ${result.made}` : undefined),
      );
      if (made.status === 'failed') {
        const message = `${this.plan.target}: not switched: the copy of ${entry.name} failed: ${made.reason}`;
        const hint =
          taken.length > 0 ? `those made before stay: ${taken.map(({ name }) => name).join(', ')}` : undefined;
        throw new NixspecError('snapshot-failed', message, { operation: 'switch', ...(hint && { hint }) });
      }
      const { name, kind, source } = entry;
      taken.push({ entry: name, kind, source, name: made.made, restore: made.restore });
    }
    return taken;
  }

  private async arm(): Promise<void> {
    const { id, spec, target, next, deadline } = this.plan;
    const seconds = Math.min(longestLease, deadline);
    const runner = `${userInfo().username}@${hostname()}`;
    const request = { id, runner, spec, target, seconds, lastResort: 'reboot', ...(next && { next }) } as const;
    const armed = await this.record
      .step('arm', () => this.machine.arm(request, this.going.signal), describeArmed)
      .catch(async (error) => {
        // It may have been armed all the same.
        await this.disarmQuietly();
        throw this.outer.aborted ? interrupted(target) : error;
      });
    if (armed.status !== 'armed') {
      const why = armed.status === 'busy' ? `another switch is armed there (${armed.guard.runner})` : armed.reason;
      throw new NixspecError('switch-refused', `${target}: not switched: ${why}`, { operation: 'switch', target });
    }
    this.lease.start(armed.remaining);
  }

  // ------------------------------------------------------------------------------------------------- the new system

  private async tryNext(): Promise<readonly Breakage[]> {
    const { signal } = this.going;
    if (signal.aborted) throw signal.reason;
    const activation = this.plan.deploy ? await this.deploy(this.plan.deploy) : await this.activate();
    return judgeNext({
      ...{ machine: this.machine, record: this.record, before: this.before, soak: this.plan.soak },
      ...{ allowed: this.plan.allowed, until: () => this.lease.until, signal },
      ...(activation && { activation }),
    });
  }

  private async activate(): Promise<Ended> {
    this.touched = true;
    return this.record.step(
      'activate',
      () => runJob('test', this.next ?? '', this.jobInput()),
      ({ exit, output }) => (exit === 0 ? 'activated' : `activated, with exit status ${exit}: ${lastLine(output)}`),
    );
  }

  /** What the user's deployer made current is the new system. */
  private async deploy(run: NonNullable<SwitchPlan['deploy']>): Promise<undefined> {
    const { machine, record, plan, before } = this;
    const { signal } = this.going;
    await record.step(
      'say so',
      () => machine.enterCommand(plan.id, signal),
      () => undefined,
    );
    this.touched = true;
    const exit = await record.step(
      'deploy',
      () => run(signal),
      (status) => `the command ended with exit status ${status}`,
    );
    if (signal.aborted) throw signal.reason;
    const state = await persist(
      () => machine.inspect(signal),
      () => this.lease.until,
      signal,
    );
    const isSame = state.current === before.state.current && state.profile === before.state.profile;
    if (isSame && state.boot.system === before.state.boot.system) {
      this.touched = false;
      throw stopFor('activation', `the command ended with exit status ${exit}, and switched nothing`);
    }
    if (exit !== 0) throw stopFor('activation', `the command ended with exit status ${exit}`);
    if (state.current === before.state.current || state.current === undefined)
      throw stopFor(
        'activation',
        'the command made a system the boot default, but did not activate it: nothing to verify',
      );
    this.next = state.current;
    await machine.adoptNext(plan.id, state.current, signal);
    return undefined;
  }

  private jobInput() {
    const { machine, record, plan } = this;
    return { id: plan.id, machine, record, until: () => this.lease.until, signal: this.going.signal };
  }

  // -------------------------------------------------------------------------------------------------------- the end

  private async keepOrRollBack(): Promise<Switch> {
    try {
      await this.askPerson();
      await this.record.step(
        'keep',
        () => this.keep(),
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

  /** The disarming is the last word, over a connection that was made for it. */
  private async keep(): Promise<void> {
    const { machine, plan } = this;
    const { signal } = this.going;
    // What was verified may be gone by now, where the timer was not reached in time.
    const { current } = await persist(
      () => machine.inspect(signal),
      () => this.lease.until,
      signal,
    );
    if (current !== this.next) throw stopFor('unreachable', `the target has gone back by itself: ${current} runs`);
    const { exit, output } = await runJob('keep', this.next ?? '', this.jobInput());
    if (exit !== 0) throw stopFor('activation', `it cannot be made the boot default (${exit}): ${lastLine(output)}`);
    await this.lease.stop();
    const until = () => Math.max(this.lease.until, Date.now() + 1000);
    const disarmed = await persist(() => machine.disarm(plan.id, signal), until, signal);
    if (disarmed.status !== 'disarmed') throw stopFor('unreachable', `it could not be disarmed: ${disarmed.reason}`);
  }

  private async rollBack(why: Breakage): Promise<Switch> {
    await this.lease.stop();
    this.record.say(
      `${why.kind === 'declined' ? 'not kept' : 'broke'}: ${why.id === why.kind ? '' : `${why.id}: `}${why.message}`,
    );
    this.journal = await this.readJournal();
    const { restored, why: rest } = await rollBack({
      ...{ id: this.plan.id, machine: this.machine, record: this.record, before: this.before },
      ...{ until: () => this.lease.until, allowed: this.plan.allowed, signal: this.calm },
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
      this.record.note('the new system runs on; it is not the boot default, so that a reboot brings the old one');
      return this.end('left', why.message);
    }
    return this.rollBack(why);
  }

  private async leaveUntouched(why: Breakage): Promise<Switch> {
    await this.lease.stop();
    const disarmed = await this.disarmQuietly();
    if (!disarmed) this.record.note('it could not be disarmed: the target clears it away itself, when its timer fires');
    if (why.kind === 'interrupted') throw interrupted(this.plan.target);
    return this.end('unchanged', why.message);
  }

  private async disarmQuietly(): Promise<boolean> {
    for (let tries = 0; tries < 3; tries += 1) {
      const disarmed = await this.machine.disarm(this.plan.id, this.calm).catch(() => undefined);
      if (disarmed?.status === 'disarmed') return true;
      await pause(1, this.calm);
    }
    return false;
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

function describeArmed(armed: Armed): string | undefined {
  if (armed.status !== 'armed') return undefined;
  return `armed: the old system comes back by itself ${Math.round(armed.remaining)} s after the last sign of life`;
}

function interrupted(target: string): NixspecError {
  return new NixspecError('interrupted', 'interrupted: nothing was touched', { operation: 'switch', target });
}

/** `12 passed, 1 failed`, for the look before. */
export function describeBefore(run: Run): string {
  const { passed, failed, unknown } = countOutcomes(run);
  const broken = failed + unknown;
  return `before: ${passed} passed${broken > 0 ? `, ${broken} did not: not blamed on the switch` : ''}`;
}
