import { explainUnreachable } from '../conversation.js';
import { startDeadline } from '../deadline.js';
import { Unreachable } from '../error.js';
import { type Place, readPlace, showPlace } from '../host-port.js';
import type { Network, NetworkProbe, Observation } from '../model.js';
import { absentReading, defineResource, known, type ReadingsOf, type TypedQuery, unknown } from '../resource.js';

/** Seconds to wait for a connection; for a datagram's refusal a shorter time tells as much. */
const patience = { tcp: 5, udp: 2 };

const params = {
  from: {
    type: 'string',
    summary: 'Which end connects; by default the target for a VM, else the runner',
    example: 'target',
    words: ['runner', 'target'],
  },
  'local-address': {
    type: 'string',
    summary: 'Address to connect from; only from the runner, as SSH does not let one choose',
    example: '192.0.2.10',
  },
} as const;

const properties = {
  reachable: {
    type: 'boolean',
    summary: 'Whether a connection can be opened (TCP), or something answers (UDP)',
    example: true,
  },
  reason: {
    type: 'string',
    summary: 'Why it is not reachable: `timed-out` where packets are dropped, `refused` where nothing listens',
    example: 'timed-out',
    words: ['refused', 'timed-out', 'no-route', 'name-not-found'],
  },
  time: {
    type: 'duration',
    summary: 'Time to connect, with looking up the name',
    example: { lt: '200ms' },
    volatile: true,
  },
} as const;

type Question = TypedQuery<typeof params, typeof properties>;
type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'addr',
  summary: 'Whether an address can be reached over the network',
  subject: {
    summary: 'tcp://host:port or udp://host:port; IPv6 addresses in brackets',
    example: 'tcp://db.internal:5432',
    pattern: /^(tcp|udp):\/\/(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):[0-9]{1,5}$/,
    mistake: 'an address is tcp://host:port or udp://host:port, with an IPv6 address in brackets',
  },
  params,
  properties,
  notes:
    'Names are looked up at the end that connects, and mean what they mean there, also for a staging VM. UDP knows no ' +
    'connections: an empty datagram is sent, an ICMP refusal means that it is not reachable, an answer that it is; silence ' +
    'proves nothing and is unknown. SSH forwards no datagrams, so that UDP can only be tried from the runner.',
  probes: (queries) => queries.map(askAddress),
});

function askAddress(query: Question): NetworkProbe<Readings> {
  const { from } = query.params;
  const seconds = query.timeout ?? patience[isUdp(query) ? 'udp' : 'tcp'];
  return {
    kind: 'network',
    answers: [query],
    ...(from !== undefined && { from: from === 'target' ? 'target' : 'runner' }),
    // The probe tells what silence means, so that the collector's limit must come later.
    limit: seconds + 5,
    talk: async (network, signal) => new Map([[query.id, await tryAddress(query, network, seconds, signal)]]),
  };
}

function isUdp({ subject }: Question): boolean {
  return subject.startsWith('udp:');
}

async function tryAddress(query: Question, network: Network, seconds: number, signal: AbortSignal) {
  const place = readPlace(query.subject.slice('tcp://'.length));
  if (!place) return unknown(`${query.subject} has no valid host and port`);
  if (isUdp(query) && !network.datagram) return unknown('SSH forwards no datagrams: give `from: runner`');
  const deadline = startDeadline(seconds, signal);
  const start = performance.now();
  try {
    const asking = (isUdp(query) ? knock : open)(network, place, query, deadline.signal);
    // A way that does not heed the signal must not hold up the answer.
    await Promise.race([asking, deadline.rejection]);
    const time = (performance.now() - start) / 1000;
    return known<Readings>({ reachable: true, reason: absentReading('it is reachable'), time });
  } catch (error) {
    if (signal.aborted) throw error;
    return explain(error, isUdp(query), deadline.isOver(), `${showPlace(place)} gave no answer within ${seconds} s`);
  } finally {
    deadline.clear();
  }
}

async function open(network: Network, { host, port }: Place, { params }: Question, signal: AbortSignal): Promise<void> {
  (await network.connect(host, port, signal, params['local-address'])).destroy();
}

async function knock(network: Network, { host, port }: Place, { params }: Question, signal: AbortSignal) {
  await network.datagram?.(host, port, Buffer.alloc(0), signal, params['local-address']);
}

function explain(error: unknown, udp: boolean, late: boolean, silence: string): Observation<Readings> {
  if (late && udp) return unknown(`${silence}, which proves nothing: UDP services need not answer an empty datagram`);
  if (late) return unreachable('timed-out', silence);
  if (!(error instanceof Unreachable)) throw error;
  return error.reason === 'forbidden' ? explainUnreachable(error) : unreachable(error.reason, error.message);
}

function unreachable(reason: Exclude<Unreachable['reason'], 'forbidden'>, message: string): Observation<Readings> {
  return known({ reachable: false, reason, time: absentReading(message) });
}
