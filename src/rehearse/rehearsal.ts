import { rm } from 'node:fs/promises';
import { compareRuns } from '../diff.js';
import { NixspecError } from '../error.js';
import type { Comparison, RehearsalStep, Run, Target } from '../model.js';
import type { Rehearsed } from '../rehearsal-verdict.js';
import type { Transport } from '../transport.js';
import { showDuration } from '../value.js';
import { bootLimits, type VmOptions } from '../vm/boot.js';
import { clearLeftovers } from '../vm/workspace.js';
import type { Builds, WantedSpecialisation } from './builds.js';
import { RehearsalMachine } from './machine.js';
import { lookBack, type Mark, markNow, markOfBoot, type OnTheWay } from './on-the-way.js';
import { runSwitch, settle, whyNoSwitch } from './switch.js';
import { explainSwitch, type SwitchEnd } from './switch-exit.js';

export const ways = ['switch', 'boot', 'both'] as const;

export interface RehearsalInput {
  readonly target: Target;
  readonly builds: Builds;
  readonly by: (typeof ways)[number];
  readonly specialisations: readonly WantedSpecialisation[];
  /** Seconds that a switch may take; undefined: as long as a boot. */
  readonly limit: number | undefined;
  readonly options: VmOptions;
  /** Runs the assertions. @param as the target of the spec that has them, where it is another one */
  readonly verify: (stage: string, transport: Transport, as?: string) => Promise<Run>;
  readonly hide: (text: string) => string;
}

/**
 * Boots what is deployed on a fresh disk, brings it to the new configuration, and verifies before and after. What goes wrong
 * on the way is what a rehearsal is for: it is in the steps. Nothing is left of the machines, however it ends.
 *
 * @throws NixspecError where the old VM does not come up, or a run is not possible
 */
export async function rehearse(input: RehearsalInput): Promise<Rehearsed> {
  await clearLeftovers();
  const rehearsing = new Rehearsing(input);
  try {
    await rehearsing.bootOld();
    if (input.by !== 'boot') await rehearsing.switchToNew();
    if (input.by !== 'switch') await rehearsing.bootNew();
    for (const wanted of input.specialisations) await rehearsing.trySpecialisation(wanted);
    return rehearsing;
  } finally {
    await rehearsing.stop();
  }
}

/** What was done, before it is looked at how the machine is. */
interface Done extends Pick<RehearsalStep, 'stage' | 'action' | 'status' | 'message' | 'output'> {
  /** Of `Date.now()`. */
  readonly started: number;
}

/** Seconds that systemd has to come to rest after a switch. */
const settleLimits = { accelerated: 120, emulated: 600 } as const;

class Rehearsing implements Rehearsed {
  readonly steps: RehearsalStep[] = [];
  readonly runs: Run[] = [];
  readonly comparisons: Comparison[] = [];
  private machine: RehearsalMachine | undefined;
  /** Failed where the deployed configuration runs: that they fail later too is no news. */
  private failedBefore: ReadonlySet<string> = new Set();
  private before: Run | undefined;
  /** The last run that saw the new configuration as it is meant. */
  private after: Run | undefined;
  private switches = 0;

  constructor(private readonly input: RehearsalInput) {}

  async bootOld(): Promise<void> {
    const { target, builds, options } = this.input;
    const started = Date.now();
    this.machine = await RehearsalMachine.boot(target, builds.old.vm, options);
    const action = 'boot what is deployed, on a fresh disk';
    const done: Done = { stage: 'before', action, status: 'done', message: '', output: '', started };
    const { run, found } = await this.look(done, markOfBoot(new Set()));
    this.failedBefore = found.failed;
    this.before = run;
    // Nothing was before it that they could have been well in.
    const units = found.units.map((unit) => (unit.kind === 'broken' ? { ...unit, kind: 'failing' as const } : unit));
    this.addStep(done, { ...found, units }, run);
  }

  async switchToNew(): Promise<void> {
    const { system } = this.input.builds.new;
    const action = 'switch to the new configuration in the running VM';
    const why = this.machine && (await whyNoSwitch(this.machine, system));
    if (why !== undefined || system === undefined) this.skip('switched', action, why ?? '');
    else this.after = (await this.activate(system, 'switched', action, this.before)) ?? this.after;
  }

  /** On the disk of the machine that runs, which is shut down for it. */
  async bootNew(): Promise<void> {
    const { target, builds, options } = this.input;
    const started = Date.now();
    const stage = 'rebooted';
    const action = 'boot the new VM on the same disk';
    const old = this.machine;
    this.machine = undefined;
    if (!old) return;
    const { workspace, orderly } = await old.stopAndKeepDisk();
    const message = orderly
      ? ''
      : 'the machine before it did not shut down by itself: its disk is as after a power cut';
    try {
      this.machine = await RehearsalMachine.boot(target, builds.new.vm, options, workspace);
    } catch (error) {
      await rm(workspace.folder, { recursive: true, force: true });
      if (options.signal.aborted || !(error instanceof NixspecError)) throw error;
      const [first = '', ...rest] = error.message.split('\n');
      this.addStep({ stage, action, status: 'failed', message: first, output: rest.join('\n'), started });
      return;
    }
    const done: Done = { stage, action, status: 'done', message, output: '', started };
    const { run, found } = await this.look(done, markOfBoot(this.failedBefore));
    const { path } = run.system;
    const other = builds.new.system !== undefined && path !== undefined && path !== builds.new.system;
    const words = `it booted ${path}, and not the new system: its disk has a boot loader of its own (virtualisation.useBootLoader)`;
    this.addStep(other ? { ...done, status: 'failed', message: words } : done, found, run);
    this.compare(this.before, run);
    if (!other) this.after = run;
  }

  /** There, and back again. */
  async trySpecialisation({ name, target }: WantedSpecialisation): Promise<void> {
    const { system } = this.input.builds.new;
    const { after } = this;
    const stage = `specialisation-${name.replace(/[^A-Za-z0-9._-]/g, '-')}`;
    const action = `switch to the specialisation ${name}`;
    const running = after && system !== undefined && this.machine;
    if (!running) return this.skip(stage, action, 'the new configuration does not run');
    await this.activate(`${system}/specialisation/${name}`, stage, action, after, target);
    await this.activate(
      system,
      `back-from-${stage.slice('specialisation-'.length)}`,
      `switch back from ${name}`,
      after,
    );
  }

  async stop(): Promise<void> {
    await this.machine?.stop();
  }

  /** Switches, lets the machine settle, looks and verifies. @returns the run, where there is one */
  private async activate(system: string, stage: string, action: string, base: Run | undefined, as?: string) {
    const { machine } = this;
    const started = Date.now();
    if (!machine) return undefined;
    const { options, limit } = this.input;
    try {
      const mark = await markNow(machine);
      options.show(action);
      this.switches += 1;
      const unit = `nixspec-rehearsal-${this.switches}.service`;
      const end = await runSwitch(machine, { system, unit, limit: limit ?? this.limitOf(bootLimits, machine) });
      const { status, message } = explainSwitch(end);
      const done: Done = { stage, action, status, message, output: end.exit === 0 ? '' : end.output, started };
      if (status === 'skipped') return void this.addStep(done);
      options.show('waiting until systemd has come to rest');
      // What a switch that hangs waits for does not end now either, and is told already.
      const jobs = end.why === 'hangs' ? '' : await settle(machine, this.limitOf(settleLimits, machine));
      const { run, found } = await this.look(done, mark, as);
      this.addStep(settled(explained(done, end, found), jobs), found, run);
      this.compare(base, run, as !== undefined);
      return run;
    } catch (error) {
      if (options.signal.aborted || !(error instanceof NixspecError) || error.code !== 'connection-lost') throw error;
      this.addStep({ stage, action, status: 'failed', message: error.message, output: '', started });
      return undefined;
    }
  }

  private async look(
    { stage, action, started }: Done,
    mark: Mark,
    as?: string,
  ): Promise<{ run: Run; found: OnTheWay }> {
    const { machine } = this;
    if (!machine) throw new TypeError('no machine runs');
    const took = showDuration(Math.max(0.1, secondsSince(started, Date.now())));
    this.input.options.say(`${this.input.target.name}: ${action}: done in ${took}, verifying`);
    const run = await this.verify(machine, stage, as);
    this.runs.push(run);
    return { run, found: await lookBack(machine, mark, run.outcomes) };
  }

  /** What was restarted may take the connection with it a little later: then once more. */
  private async verify(machine: RehearsalMachine, stage: string, as?: string): Promise<Run> {
    try {
      return await this.input.verify(stage, machine.transport, as);
    } catch (error) {
      if (!(error instanceof NixspecError) || error.code !== 'connection-lost') throw error;
      await machine.reconnect();
      return this.input.verify(stage, machine.transport, as);
    }
  }

  private limitOf(limits: { readonly accelerated: number; readonly emulated: number }, machine: RehearsalMachine) {
    return limits[machine.accelerated ? 'accelerated' : 'emulated'];
  }

  private skip(stage: string, action: string, message: string): void {
    this.addStep({ stage, action, status: 'skipped', message, output: '', started: Date.now() });
  }

  private addStep({ started, ...done }: Done, found?: OnTheWay, run?: Run): void {
    const { hide, options, target } = this.input;
    if (done.message !== '') options.say(`${target.name}: ${done.stage}: ${hide(done.message)}`);
    this.steps.push({
      ...done,
      message: hide(done.message),
      output: hide(done.output),
      // Without the verification that followed.
      seconds: secondsSince(started, run ? Date.parse(run.started) : Date.now()),
      units: (found?.units ?? []).map((unit) => ({ ...unit, messages: unit.messages.map(hide) })),
      ...(found?.unknown !== undefined && { unknown: found.unknown }),
      ...(run && { run: run.id }),
    });
  }

  /** @param partial the assertions are another target's: what one has and the other has not was neither added nor removed */
  private compare(from: Run | undefined, to: Run, partial = false): void {
    if (!from) return;
    const comparison = compareRuns(from, to);
    const changes = comparison.changes.filter(({ kind }) => !partial || (kind !== 'added' && kind !== 'removed'));
    this.comparisons.push({ ...comparison, changes });
  }
}

/** Exit status 4 says no more than that some unit failed: where the units are known, each is judged by itself. */
function explained(done: Done, { exit }: SwitchEnd, { units, unknown }: OnTheWay): Done {
  const known = unknown === undefined && units.some(({ failures, kind }) => failures > 0 || kind === 'failing');
  if (exit !== 4 || !known) return done;
  return { ...done, status: 'done', message: 'a unit failed: nixos-rebuild, too, would end with exit status 4' };
}

function settled(done: Done, jobs: string): Done {
  if (jobs === '') return done;
  const message = [done.message, 'systemd has not come to rest'].filter(Boolean).join('; ');
  return { ...done, message, output: [done.output, `jobs that have not ended:\n${jobs}`].filter(Boolean).join('\n') };
}

function secondsSince(started: number, ended: number): number {
  return Math.round((ended - started) / 100) / 10;
}
