import { setTimeout as sleep } from 'node:timers/promises';
import { collect, type Ends } from './collect.js';
import { NixspecError } from './error.js';
import { evaluate } from './evaluate.js';
import { factsOf } from './facts.js';
import { inventoryProbes, readInventory } from './inventory.js';
import type { Masker } from './mask/masker.js';
import type { Matchers } from './matcher.js';
import type { Assertion, Need, Observation, Outcome, Probe, Query, Run, SystemIdentity, Target } from './model.js';
import { type Plan, planProbes } from './plan.js';
import { isNoReading, type Resources } from './resource.js';
import { nameOfRun } from './stage.js';
import { applyWaiver } from './waiver.js';

export interface RunInput {
  readonly target: Target;
  readonly plan: Plan;
  readonly resources: Resources;
  readonly matchers: Matchers;
  readonly ends: Ends;
  readonly signal: AbortSignal;
  /** Where the spec has secrets. */
  readonly masker?: Masker;
  readonly progress?: (progress: RunProgress) => void;
  /** Keep what the host is made of as well. */
  readonly inventory?: boolean;
  /** Which part of a rehearsal it is to see. */
  readonly stage?: string;
}

/** For the progress line: how far the first look is, then how many may still become true. */
export interface RunProgress {
  readonly answered: number;
  readonly asked: number;
  readonly waitingFor: number;
}

/**
 * One pass over one target: collects, evaluates, and looks again at what may still become true, until its deadline.
 * Looking again asks only about what has not passed, over the same connection. What needs another entry is looked at when
 * that one has passed: `command` entries may change the target, so they are not run along and then called skipped.
 *
 * @throws NixspecError where the target could not be asked at all, or nixspec was interrupted
 */
export async function performRun(input: RunInput): Promise<Run> {
  const started = new Date();
  const looking = new Looking(input, started);
  await looking.look(looking.due(), (queries) => planFirstLook(queries, input.resources, input.inventory === true));
  for (let due = looking.due(); due.length > 0; due = looking.due()) {
    await looking.wait(due);
    await looking.look(due, (queries) => planProbes(queries, input.resources));
  }
  const staged = input.stage === undefined ? {} : { stage: input.stage };
  const run: Run = {
    format: 1,
    id: `${started.toISOString().replaceAll(':', '-')}-${nameOfRun({ target: input.target.name, ...staged })}`,
    target: input.target.name,
    ...staged,
    reached: input.ends.transport.reached,
    ...(input.ends.transport.vm && { vm: input.ends.transport.vm }),
    started: started.toISOString(),
    finished: new Date().toISOString(),
    system: readIdentity(looking.observations.get(identityQuery.id)),
    facts: factsOf(looking.asked(), looking.observations, input.resources, input.masker),
    outcomes: looking.outcomes(),
    problems: looking.problems,
    ...(input.inventory && { inventory: readInventory(looking.observations) }),
  };
  return input.masker?.run(run) ?? run;
}

/** What has been seen so far. */
class Looking {
  readonly observations = new Map<string, Observation>();
  readonly problems: string[] = [];
  private readonly results = new Map<string, Outcome>();
  /** Seconds after the start at which an assertion was looked at first: `within` counts from there. */
  private readonly firstLooks = new Map<string, number>();
  private readonly withins: ReadonlyMap<string, number>;
  private readonly start = performance.now();

  constructor(
    private readonly input: RunInput,
    private readonly started: Date,
  ) {
    this.withins = new Map(input.plan.assertions.map(({ id, options }) => [id, options.within]));
  }

  async look(assertions: readonly Assertion[], plan: (queries: readonly Query[]) => readonly Probe[]): Promise<void> {
    const { ends, signal, progress, masker } = this.input;
    const ids = new Set(assertions.map((assertion) => assertion.query));
    const probes = plan(this.input.plan.queries.filter(({ id }) => ids.has(id)));
    const waitingFor = this.results.size === 0 ? 0 : assertions.length;
    const asked = probes.reduce((sum, { answers }) => sum + answers.length, 0);
    const answered = (count: number) => progress?.({ answered: count, asked, waitingFor });
    const begun = this.elapsed();
    const found = await collect(probes, ends, { signal, answered, masker });
    for (const [id, observation] of found.observations) this.observations.set(id, observation);
    this.problems.push(...found.problems);
    for (const assertion of assertions) {
      if (!this.firstLooks.has(assertion.id)) this.firstLooks.set(assertion.id, begun);
      this.judge(assertion, this.observations.get(assertion.query));
    }
  }

  private judge(assertion: Assertion, observation: Observation | undefined): void {
    const looks = (this.results.get(assertion.id)?.looks ?? 0) + 1;
    const outcome = evaluate(assertion, observation, looks, this.input.matchers, this.input.masker);
    this.results.set(assertion.id, applyWaiver(outcome, assertion.options.waive, this.started));
  }

  /**
   * What to look at next: first whatever was not looked at yet and may be, then what has not passed and whose `within` is
   * not over. Nothing more can come over a lost connection.
   */
  due(): Assertion[] {
    const fresh = this.takeFresh();
    if (this.problems.length === 0) return fresh.length > 0 ? fresh : this.pending();
    const lost: Observation = { status: 'unknown', reason: `not looked at any more: ${this.problems[0]}` };
    for (let left = fresh; left.length > 0; left = this.takeFresh()) {
      for (const assertion of left) this.judge(assertion, lost);
    }
    return [];
  }

  /** Not looked at yet, and all that is needed has passed. What needs something that cannot pass any more is skipped. */
  private takeFresh(): Assertion[] {
    const fresh: Assertion[] = [];
    const waiting = new Set<Assertion>();
    for (const assertion of this.input.plan.assertions) {
      if (this.results.has(assertion.id)) continue;
      if (assertion.needs?.some((need) => !this.hasPassed(need))) waiting.add(assertion);
      else fresh.push(assertion);
    }
    // Skipping one may leave another without what it needs, further up or down.
    for (let before = -1; before !== waiting.size; ) {
      before = waiting.size;
      for (const assertion of waiting) {
        const unmet = assertion.needs?.find((need) => this.cannotPass(need));
        if (unmet) {
          this.results.set(assertion.id, skipFor(unmet, assertion, this.input.matchers));
          waiting.delete(assertion);
        }
      }
    }
    return fresh;
  }

  private hasPassed({ assertions }: Need): boolean {
    return assertions.length > 0 && assertions.every((id) => this.results.get(id)?.status === 'passed');
  }

  private cannotPass({ assertions }: Need): boolean {
    return assertions.length === 0 || assertions.some((id) => this.isOver(id));
  }

  /** Looked at for the last time, and not passed. */
  private isOver(id: string): boolean {
    const outcome = this.results.get(id);
    return outcome !== undefined && outcome.status !== 'passed' && !this.mayStillPass(outcome);
  }

  private mayStillPass({ id, status }: Outcome): boolean {
    if (this.problems.length > 0 || (status !== 'failed' && status !== 'unknown')) return false;
    return this.deadlineOf(id) > this.elapsed();
  }

  private pending(): Assertion[] {
    return this.input.plan.assertions.filter(({ id }) => {
      const outcome = this.results.get(id);
      return outcome !== undefined && this.mayStillPass(outcome);
    });
  }

  /**
   * Before looking again: the shortest `every` of what is pending, but not beyond the last deadline, so that the last look
   * is just before it. What was not looked at yet need not wait.
   */
  async wait(due: readonly Assertion[]): Promise<void> {
    if (due.some(({ id }) => !this.results.has(id))) return;
    const every = Math.min(...due.map(({ options }) => options.every));
    const left = Math.max(...due.map(({ id }) => this.deadlineOf(id))) - this.elapsed();
    const pause = Math.max(shortestPause, Math.min(every, left - shortestPause));
    try {
      await sleep(pause * 1000, undefined, { signal: this.input.signal });
    } catch {
      throw new NixspecError('interrupted', 'interrupted', { operation: 'wait' });
    }
  }

  private deadlineOf(id: string): number {
    return (this.firstLooks.get(id) ?? 0) + (this.withins.get(id) ?? 0);
  }

  private elapsed(): number {
    return (performance.now() - this.start) / 1000;
  }

  /** The queries that were asked: not those of what was skipped for its needs. */
  asked(): Query[] {
    return this.input.plan.queries.filter(({ id }) => this.observations.has(id));
  }

  outcomes(): Outcome[] {
    return this.input.plan.assertions.flatMap((assertion) => this.results.get(assertion.id) ?? []);
  }
}

function skipFor({ name, assertions }: Need, assertion: Assertion, matchers: Matchers): Outcome {
  const why = assertions.length === 0 ? 'is not for this target' : 'did not pass';
  const skipped = evaluate({ ...assertion, skip: `needs ${name}, which ${why}` }, undefined, 0, matchers);
  return { ...skipped, unmetNeed: name };
}

/** Seconds. Below it, looking would be most of what the target does. */
const shortestPause = 0.2;

/** Each run says which system it saw, whether or not the spec asks. */
const identityQuery: Query = {
  id: 'identity',
  resource: 'system',
  subject: '',
  params: {},
  wanted: new Set(['system-path', 'generation', 'architecture', 'hostname']),
};

/** The resource types that a run needs beside those of its spec. */
export const resourcesOfEveryRun: readonly string[] = [identityQuery.resource];

/** What the first look asks: that of some assertions, what every run asks, and the inventory where it is wanted. */
export function planFirstLook(queries: readonly Query[], resources: Resources, inventory: boolean): Probe[] {
  return [...planProbes([...queries, identityQuery], resources), ...(inventory ? inventoryProbes() : [])];
}

function readIdentity(observation: Observation | undefined): SystemIdentity {
  if (observation?.status !== 'known') return {};
  const text = (name: string) => {
    const reading = observation.readings[name];
    return reading === undefined || isNoReading(reading) ? undefined : reading;
  };
  const [path, generation, architecture, hostname] = [...identityQuery.wanted].map(text);
  return {
    ...(typeof path === 'string' && { path }),
    ...(typeof generation === 'number' && { generation }),
    ...(typeof architecture === 'string' && { architecture }),
    ...(typeof hostname === 'string' && { hostname }),
  };
}
