import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandInput, Io } from './command.js';
import { Connections } from './connections.js';
import { exitCodes, NixspecError } from './error.js';
import { type History, saveRun } from './history.js';
import type { Run } from './model.js';
import { type Output, writeReports } from './output.js';
import type { Prepared, PreparedSpec } from './prepare.js';
import type { Progress } from './progress.js';
import { valueTypes } from './value.js';
import { exitCodeOf } from './verdict.js';

/** What goes on being verified. */
export interface Watching {
  readonly prepared: PreparedSpec;
  /** The runs that there are already; a target that could not be reached has none. */
  readonly runs: readonly Run[];
  readonly outputs: readonly Output[];
  readonly history: History;
  readonly input: CommandInput;
  /** Seconds between the end of one look and the beginning of the next. */
  readonly every: number;
}

const defaultEvery = 10;

/** Reads `--watch [every]`. @returns seconds; undefined where it is not given. @throws NixspecError `usage` */
export function readEvery({ options }: CommandInput): number | undefined {
  const { watch } = options;
  if (watch === undefined || watch === false) return undefined;
  if (watch === true) return defaultEvery;
  try {
    const seconds = valueTypes.duration.read({ value: String(watch), source: String(watch) });
    if (typeof seconds === 'number' && seconds >= 0.1) return seconds;
  } catch {
    // Told below.
  }
  const hint = 'for example --watch=30s, or --watch alone; what is verified comes before it';
  throw new NixspecError('usage', `--watch takes a duration, not ${JSON.stringify(watch)}`, {
    operation: 'read options',
    hint,
  });
}

/**
 * Verifies again and again until it is stopped, and reports what changed from one look to the next. Of each target the last
 * run is kept, and no more; on disk those that differ from the one before. A target that cannot be reached is tried again.
 * @returns the exit code of how it all was at the end
 */
export async function keepWatching(watching: Watching, progress: Progress, io: Io): Promise<number> {
  const { prepared, runs, every } = watching;
  progress.say(`watching: every ${every} s, until Ctrl-C; what changes is told`);
  const watchers = prepared.runs.map(
    (one) =>
      new TargetWatch(
        one,
        runs.find(({ target }) => target === one.target.name),
        watching,
        progress,
        io,
      ),
  );
  await Promise.all(watchers.map((one) => one.follow()));
  const last = watchers.flatMap((one) => one.last ?? []);
  return watchers.some((one) => one.away) ? exitCodes.unreachable : exitCodeOf(last, []);
}

class TargetWatch {
  away = false;
  private connections: Connections | undefined;

  constructor(
    private readonly one: Prepared,
    public last: Run | undefined,
    private readonly watching: Watching,
    private readonly progress: Progress,
    private readonly io: Io,
  ) {
    this.away = last === undefined;
  }

  async follow(): Promise<void> {
    const { signal } = this.io;
    try {
      for (;;) {
        this.progress.show(this.one.target.name, `watching; last looked at ${clock()}`);
        await sleep(this.watching.every * 1000, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        await this.look();
      }
    } finally {
      await this.connections?.close();
    }
  }

  private async look(): Promise<void> {
    const { name } = this.one.target;
    try {
      const run = await this.run();
      // Cut off in the middle: what it says of the rest is that it was cut off.
      if (run.problems.length > 0) return await this.lose(run.problems[0] ?? '');
      if (this.away) this.progress.say(`${clock()} ${name}: reached again`);
      this.away = false;
      const before = this.last;
      this.last = run;
      if (before) await this.tell(before, run);
    } catch (error) {
      if (this.io.signal.aborted) return;
      if (!(error instanceof NixspecError) || error.exitCode !== exitCodes.unreachable) throw error;
      await this.lose(error.message);
    }
  }

  private async run(): Promise<Run> {
    const { prepared, input } = this.watching;
    if (!this.connections) {
      this.connections = new Connections(input.options, this.progress, this.io);
      this.connections.open([this.one.target]);
    }
    const { runTarget } = await import('./verification.js');
    const transport = await this.connections.get(this.one.target);
    return runTarget(prepared, this.one, transport, this.progress, this.io, { inventory: false });
  }

  /** Said once, however long it lasts. */
  private async lose(reason: string): Promise<void> {
    if (!this.away) this.progress.say(`${clock()} ${this.one.target.name}: cannot be reached: ${reason}`);
    this.away = true;
    await this.connections?.close();
    this.connections = undefined;
  }

  private async tell(before: Run, run: Run): Promise<void> {
    const { compareRuns } = await import('./diff.js');
    const { outputs, input, history } = this.watching;
    // The first run may have an inventory, which is not taken again and again.
    const { inventory: _, ...comparison } = compareRuns(before, run);
    if (comparison.changes.length === 0) return;
    this.progress.say(`${clock()} ${run.target}: changed`);
    if (input.options.save !== false) await saveRun(history, run);
    const result = { runs: [run], comparisons: [comparison], baselines: [before] };
    await writeReports(outputs, result, input, this.io, { runs: false });
  }
}

function clock(): string {
  return new Date().toLocaleTimeString('en-GB');
}
