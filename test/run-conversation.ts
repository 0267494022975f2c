import type { Network, NetworkProbe, Observation, Query } from '../src/model.js';
import { runnerNetwork } from '../src/network.js';
import type { Resource } from '../src/resource.js';

/** All network probes for some queries. */
export function networkProbes(resource: Resource, queries: readonly Query[]): readonly NetworkProbe[] {
  return resource.probes(queries).filter((probe): probe is NetworkProbe => probe.kind === 'network');
}

/** Asks one question over a network and gives its observation; what the conversation throws is told as the collector does. */
export async function talk(
  resource: Resource,
  query: Query,
  network: Network = runnerNetwork(),
): Promise<Observation | undefined> {
  const [probe] = networkProbes(resource, [query]);
  if (!probe) throw new Error('no network probe');
  try {
    return (await probe.talk(network, new AbortController().signal)).get(query.id);
  } catch (error) {
    return { status: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}
