import { setTimeout as sleep } from 'node:timers/promises';
import { collect, type Ends } from './collect.js';
import { NixspecError } from './error.js';
import { evaluate, factsOf } from './evaluate.js';
import type { Matchers } from './matcher.js';
import type { Assertion, Observation, Outcome, Query, Run, SystemIdentity, Target } from './model.js';
import { type Plan, planProbes } from './plan.js';
import { isNoReading, type Resources } from './resource.js';

export interface RunInput {
  readonly target: Target;
  readonly plan: Plan;
  readonly resources: Resources;
  readonly matchers: Matchers;
  readonly ends: Ends;
  readonly signal: AbortSignal;
  readonly progress?: (progress: RunProgress) => void;
}

/** For the progress line: how far the first look is, then how many may still become true. */
export interface RunProgress {
  readonly answered: number;
  readonly asked: number;
  readonly waitingFor: number;
}

/**
 * One pass over one target: collects, evaluates, and looks again at what may still become true, until its deadline.
 * Looking again asks only about what has not passed, over the same connection.
 *
 * @throws NixspecError where the target could not be asked at all, or nixspec was interrupted
 */
export async function performRun(input: RunInput): Promise<Run> {
  const started = new Date();
  const looking = new Looking(input);
  await looking.look([...input.plan.queries, identityQuery], input.plan.assertions);
  for (let pending = looking.pending(); pending.length > 0; pending = looking.pending()) {
    await waitBeforeNextLook(pending, looking.elapsed(), input.signal);
    const ids = new Set(pending.map((assertion) => assertion.query));
    await looking.look(
      input.plan.queries.filter((query) => ids.has(query.id)),
      pending,
    );
  }
  return {
    format: 1,
    id: `${started.toISOString().replaceAll(':', '-')}-${input.target.name}`,
    target: input.target.name,
    reached: input.ends.transport.reached,
    started: started.toISOString(),
    finished: new Date().toISOString(),
    system: readIdentity(looking.observations.get(identityQuery.id)),
    facts: factsOf(input.plan.queries, looking.observations, input.resources),
    outcomes: looking.outcomes(),
    problems: looking.problems,
  };
}

/** What has been seen so far. */
class Looking {
  readonly observations = new Map<string, Observation>();
  readonly problems: string[] = [];
  private readonly results = new Map<string, Outcome>();
  private readonly start = performance.now();

  constructor(private readonly input: RunInput) {}

  elapsed(): number {
    return (performance.now() - this.start) / 1000;
  }

  async look(queries: readonly Query[], assertions: readonly Assertion[]): Promise<void> {
    const { ends, signal, resources, matchers, progress } = this.input;
    const waitingFor = this.results.size === 0 ? 0 : assertions.length;
    const answered = (count: number) => progress?.({ answered: count, asked: queries.length, waitingFor });
    const found = await collect(planProbes(queries, resources), ends, { signal, answered });
    for (const [id, observation] of found.observations) this.observations.set(id, observation);
    this.problems.push(...found.problems);
    for (const assertion of assertions) {
      const looks = (this.results.get(assertion.id)?.looks ?? 0) + 1;
      this.results.set(assertion.id, evaluate(assertion, this.observations.get(assertion.query), looks, matchers));
    }
  }

  /** Assertions that have not passed and whose `within` is not over. Nothing more can come over a lost connection. */
  pending(): Assertion[] {
    if (this.problems.length > 0) return [];
    const elapsed = this.elapsed();
    return this.input.plan.assertions.filter(({ id, options, skip }) => {
      const status = this.results.get(id)?.status;
      return skip === undefined && (status === 'failed' || status === 'unknown') && options.within > elapsed;
    });
  }

  outcomes(): Outcome[] {
    return this.input.plan.assertions.flatMap((assertion) => this.results.get(assertion.id) ?? []);
  }
}

/** The shortest `every` of what is pending, but not beyond the last deadline, so that the last look is just before it. */
async function waitBeforeNextLook(pending: readonly Assertion[], elapsed: number, signal: AbortSignal): Promise<void> {
  const every = Math.min(...pending.map(({ options }) => options.every));
  const left = Math.max(...pending.map(({ options }) => options.within)) - elapsed;
  try {
    await sleep(Math.max(shortestPause, Math.min(every, left - shortestPause)) * 1000, undefined, { signal });
  } catch {
    throw new NixspecError('interrupted', 'interrupted', { operation: 'wait' });
  }
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
