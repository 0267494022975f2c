import type { Run } from '../model.js';
import type { Breakage, SwitchStep } from '../switch-model.js';
import { showDuration } from '../value.js';

/** What was done so far, told while it goes on: each step once it is over. */
export class Record {
  readonly steps: SwitchStep[] = [];
  readonly notes: string[] = [];
  readonly runs: { name: 'before' | 'after' | 'settled' | 'rollback'; run: Run }[] = [];
  breakages: readonly Breakage[] = [];

  constructor(
    private readonly target: string,
    private readonly tell: { show(stage: string): void; say(line: string): void },
  ) {}

  say(line: string): void {
    this.tell.say(`${this.target}: ${line}`);
  }

  show(stage: string): void {
    this.tell.show(stage);
  }

  note(text: string): void {
    this.notes.push(text);
    this.say(text);
  }

  /**
   * Does one step and tells how it went.
   * @param describe what is said of its result; undefined says nothing
   */
  async step<T>(name: string, work: () => Promise<T>, describe: (result: T) => string | undefined): Promise<T> {
    const begun = performance.now();
    this.show(name);
    const seconds = () => Math.round((performance.now() - begun) / 100) / 10;
    try {
      const result = await work();
      const message = describe(result) ?? '';
      this.steps.push({ name, status: 'done', seconds: seconds(), message });
      if (message !== '') this.say(seconds() >= 1 ? `${message} (${showDuration(seconds())})` : message);
      return result;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.steps.push({ name, status: 'failed', seconds: seconds(), message });
      throw error;
    }
  }

  runNamed(name: 'before' | 'after' | 'settled' | 'rollback'): Run | undefined {
    return this.runs.findLast((one) => one.name === name)?.run;
  }
}
