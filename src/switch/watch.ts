import { setTimeout as sleep } from 'node:timers/promises';
import { startDeadline } from '../deadline.js';
import { evaluate } from '../evaluate.js';
import type { Masker } from '../mask/masker.js';
import type { Matchers } from '../matcher.js';
import type { Assertion, Network, NetworkProbe, Query } from '../model.js';
import { nameEntry, type Plan, planProbes } from '../plan.js';
import type { Resources } from '../resource.js';
import type { Downtime } from '../switch-model.js';
import { addLook, type DowntimeState, endDowntime, startDowntime } from './downtime.js';

/** Milliseconds between the beginnings of two looks at one entry. */
const every = 500;
/** Seconds after which a look counts as no answer: longer, and it would not be seen when the entry is back. */
const patience = 3;
/** Entries that are watched at once: each costs its server two requests a second. */
const mostWatched = 30;

export interface WatchInput {
  readonly plan: Plan;
  readonly resources: Resources;
  readonly matchers: Matchers;
  readonly masker?: Masker;
  readonly network: Network;
  /** Name or address of the target, as the runner reaches it: where its ports are knocked at. */
  readonly host?: string;
  readonly signal: AbortSignal;
}

/** One entry that can be asked from here; the look says why it is not as it should be. */
export interface Watched {
  readonly name: string;
  look(signal: AbortSignal): Promise<string | undefined>;
}

/**
 * Asks the `http`, `certificate`, `addr` and `port` entries of a spec from here, again and again, each over a new
 * connection: a server that keeps old ones and takes no new ones is down. What does not answer before anything was touched
 * is not watched.
 */
export class Watch {
  private readonly states = new Map<string, DowntimeState>();
  private readonly ending = new AbortController();
  private readonly loops: Promise<void>[] = [];
  readonly unwatched: { name: string; reason: string }[] = [];

  /** Looks at all of them once, and goes on in the background with those that answer. */
  async start(watched: readonly Watched[], outer: AbortSignal): Promise<void> {
    outer.addEventListener('abort', () => this.ending.abort(), { once: true });
    for (const { name } of watched.slice(mostWatched))
      this.unwatched.push({ name, reason: `more than ${mostWatched} are not watched at once` });
    await Promise.all(
      watched.slice(0, mostWatched).map(async (one) => {
        const reason = await this.lookAt(one);
        return { one, reason };
      }),
    ).then((found) => {
      for (const { one, reason } of found) {
        if (reason !== undefined) this.unwatched.push({ name: one.name, reason });
        else this.loops.push(this.follow(one));
      }
    });
  }

  /** Those that do not answer now. */
  down(): readonly string[] {
    return [...this.states.values()].flatMap(({ name, since }) => (since ? [name] : []));
  }

  /** What it came to so far; the watch goes on. */
  report(): Downtime[] {
    return [...this.states.values()].map((state) => endDowntime(state, Date.now()));
  }

  async stop(): Promise<Downtime[]> {
    const end = Date.now();
    this.ending.abort();
    await Promise.all(this.loops);
    return [...this.states.values()].map((state) => endDowntime(state, Math.max(end, state.last?.to ?? 0)));
  }

  private async follow(one: Watched): Promise<void> {
    let state = startDowntime(one.name);
    this.states.set(one.name, state);
    for (;;) {
      const from = Date.now();
      const reason = await this.lookAt(one);
      // A look that was broken off says nothing.
      if (this.ending.signal.aborted) return;
      state = addLook(state, { from, to: Date.now(), ...(reason !== undefined && { reason }) });
      this.states.set(one.name, state);
      const left = every - (Date.now() - from);
      if (left > 0) await sleep(left, undefined, { signal: this.ending.signal }).catch(() => {});
      if (this.ending.signal.aborted) return;
    }
  }

  private async lookAt({ look }: Watched): Promise<string | undefined> {
    const deadline = startDeadline(patience, this.ending.signal);
    try {
      // What does not heed the signal must not hold up the watch.
      return await Promise.race([look(deadline.signal), deadline.rejection]);
    } catch (error) {
      if (deadline.isOver()) return `no answer within ${patience} s`;
      return error instanceof Error ? error.message : String(error);
    } finally {
      deadline.clear();
    }
  }
}

/** What of a plan can be watched from the runner. */
export function listWatched(input: WatchInput): Watched[] {
  const { plan } = input;
  const byQuery = new Map<string, Assertion[]>();
  for (const assertion of plan.assertions) {
    if (assertion.skip !== undefined || assertion.volatile || assertion.options.severity === 'warning') continue;
    byQuery.set(assertion.query, [...(byQuery.get(assertion.query) ?? []), assertion]);
  }
  return plan.queries.flatMap((query): Watched[] => {
    const assertions = byQuery.get(query.id) ?? [];
    if (assertions.length === 0 || query.params.from === 'target') return [];
    const name = nameEntry({ resource: query.resource, subject: query.shownSubject ?? query.subject });
    if (query.resource === 'port') return watchPort(name, query, assertions, input);
    if (!['http', 'certificate', 'addr'].includes(query.resource)) return [];
    return [{ name, look: (signal) => lookByProbe(query, assertions, input, signal) }];
  });
}

/** A port that is to listen, as long as it can be reached from here at all. */
function watchPort(name: string, { subject }: Query, assertions: readonly Assertion[], input: WatchInput): Watched[] {
  const { host, network } = input;
  const [, port] = /^tcp[46]?:(\d+)$/.exec(subject) ?? [];
  const listens = assertions.some(({ property, expected }) => property === 'listening' && expected === true);
  if (host === undefined || port === undefined || !listens) return [];
  const look = async (signal: AbortSignal) => {
    (await network.connect(host, Number(port), signal)).destroy();
    return undefined;
  };
  return [{ name, look }];
}

/** What any of its assertions has against the answer. */
async function lookByProbe(
  query: Query,
  assertions: readonly Assertion[],
  { resources, matchers, masker, network }: WatchInput,
  signal: AbortSignal,
): Promise<string | undefined> {
  const probes = planProbes([query], resources).filter((probe): probe is NetworkProbe => probe.kind === 'network');
  const [probe] = probes;
  if (!probe) return 'it can only be looked at on the target';
  const observation = (await probe.talk(network, signal)).get(query.id);
  const outcomes = assertions.map((one) => evaluate(one, observation, 1, matchers, masker));
  const wrong = outcomes.find(({ status }) => status !== 'passed');
  if (!wrong) return undefined;
  // `addr` knows why it is not reachable, where its verdict says only that it is not.
  const reason = observation?.status === 'known' ? observation.readings.reason : undefined;
  return typeof reason === 'string' ? reason : wrong.message.split('\n', 1)[0];
}
