import { randomInt } from 'node:crypto';
import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { DecodedPacket } from 'dns-packet';
import { startDeadline } from '../deadline.js';
import { exchangeDns } from '../dns-exchange.js';
import { findRecords, packetType, recordTypes, showCode } from '../dns-records.js';
import { Unreachable } from '../error.js';
import { type Family, printAddresses, readAddresses } from '../getent-addresses.js';
import { TrustStore } from '../handshake.js';
import type { Network, NetworkProbe, Observation, ShellProbe } from '../model.js';
import { type NameServer, readNameServer, showNameServer } from '../name-server.js';
import {
  absentReading,
  defineResource,
  known,
  type ReadingsOf,
  sameForAll,
  type TypedQuery,
  unknown,
  unknownReading,
} from '../resource.js';
import { reverseName } from '../reverse-name.js';

/** Seconds for an answer, unless the entry says otherwise; a lost datagram is sent again twice within them. */
const patience = 5;
const tries = 3;

const params = {
  type: { type: 'string', summary: 'Type of record; A unless given', example: 'MX', words: recordTypes },
  server: {
    type: 'string',
    summary: 'Whom to ask: address[:port], tls://host[:port][#name], https://host/path, or system (the default)',
    example: '9.9.9.9',
  },
  from: {
    type: 'string',
    summary: 'Which end asks; by default the target for a VM, else the runner',
    example: 'target',
    words: ['runner', 'target'],
  },
  protocol: {
    type: 'string',
    summary: 'Protocol; unless given UDP, and TCP where the answer is too long or the target asks',
    example: 'tcp',
    words: ['udp', 'tcp'],
  },
  ca: {
    type: 'string',
    path: true,
    summary: 'Authority to trust for tls:// and https://: path of a PEM file on the runner, or PEM text',
    example: 'minica.pem',
  },
  insecure: { type: 'boolean', summary: 'Take any certificate of a tls:// or https:// server', example: true },
} as const;

const properties = {
  answers: {
    type: 'list',
    summary: 'Records of the type asked for as text, sorted, names without their last dot: `10 mail.example.org`',
    example: ['203.0.113.7'],
  },
  rcode: {
    type: 'string',
    summary: 'What the server says: NOERROR, NXDOMAIN (no such name), SERVFAIL, REFUSED …',
    example: 'NXDOMAIN',
  },
  resolvable: { type: 'boolean', summary: 'Whether there is at least one record of the type', example: true },
  ttl: {
    type: 'duration',
    summary: 'How long the records may be kept, the least of them',
    example: { le: '5m' },
    volatile: true,
  },
  authenticated: { type: 'boolean', summary: 'Whether the server says it has verified DNSSEC (AD)', example: true },
  authoritative: { type: 'boolean', summary: 'Whether the server speaks for the zone itself (AA)', example: true },
  time: { type: 'duration', summary: 'Time for the answer', example: { lt: '100ms' }, volatile: true },
} as const;

type Question = TypedQuery<typeof params, typeof properties>;
type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'dns',
  summary: 'What a name server answers for a name',
  subject: {
    summary: 'Name, complete; or an address with `type: PTR`',
    example: 'git.example.org',
    pattern: /^[^\s/]{1,254}$/,
    mistake: 'a name has no spaces and no slash, and at most 253 characters',
  },
  params,
  properties,
  needs: ['getent for `server: system` with `from: target`'],
  notes:
    '`exists` is false where there is no such name (NXDOMAIN); a name without records of the type exists and is not ' +
    'resolvable. A server failure (SERVFAIL, REFUSED) is told by `rcode`, and then nothing else is known of the name. A server ' +
    'that refuses connections is a failure; one that stays silent leaves all unknown. `system` means the name servers in ' +
    "/etc/resolv.conf of the runner. With `from: target` it means what the target's programs get (hosts file and all): only " +
    'addresses, and not why there are none. On a VM, without `from`, it means a name server on its loopback. From the target, ' +
    'servers are asked over TCP, as SSH forwards no datagrams. The certificate of `tls://` with an address and without ' +
    '`#name` is not verified.',
  probes: (queries) => {
    const trust = new TrustStore();
    const onTarget = queries.filter(asksGetent);
    return [
      ...(['A', 'AAAA'] as const).flatMap((type) =>
        askGetent(
          onTarget.filter((query) => typeOf(query) === type),
          type,
        ),
      ),
      ...queries.filter((query) => !asksGetent(query)).map((query) => askServers(query, trust)),
    ];
  },
});

function typeOf({ params }: Question): string {
  return params.type ?? 'A';
}

function asksGetent(query: Question): boolean {
  const { server = 'system', from } = query.params;
  return server === 'system' && from === 'target' && ['A', 'AAAA'].includes(typeOf(query));
}

// -------------------------------------------------------------------------------------------------------- servers

function askServers(query: Question, trust: TrustStore): NetworkProbe<Readings> {
  const { from } = query.params;
  const seconds = query.timeout ?? patience;
  return {
    kind: 'network',
    answers: [query],
    ...(from !== undefined && { from: from === 'target' ? 'target' : 'runner' }),
    limit: seconds + 5,
    talk: async (network, signal) => {
      const deadline = startDeadline(seconds, signal);
      try {
        return new Map([[query.id, await resolve(query, { network, trust, seconds, signal: deadline.signal })]]);
      } finally {
        deadline.clear();
      }
    },
  };
}

interface Surroundings {
  readonly network: Network;
  readonly trust: TrustStore;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

async function resolve(query: Question, around: Surroundings): Promise<Observation<Readings>> {
  const servers = chooseServers(query, around.network);
  if (servers.length === 0) return unknown('this machine has no name servers: give `server`');
  const asking = await makeAsking(query, around);
  if (typeof asking === 'string') return unknown(asking);
  const refusals = new Map<NameServer, Unreachable>();
  let last: unknown = new Error('nobody was asked');
  const rounds = servers.some(({ way }) => way === 'udp') ? tries : 1;
  // A little less than its part, so that the last one can still say which server was silent.
  const share = (0.95 * around.seconds) / rounds / servers.length;
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) {
      try {
        return describeReply(query, await ask(asking, server, share), asking);
      } catch (error) {
        if (around.signal.aborted) throw error;
        if (error instanceof Unreachable) refusals.set(server, error);
        last = error;
      }
    }
    if (refusals.size === servers.length) return explainRefusal([...refusals.values()], query);
  }
  throw last;
}

/** From the target, without further words, only a name server that it has itself can be found. */
function chooseServers({ params }: Question, network: Network): readonly NameServer[] {
  const { server = 'system', protocol } = params;
  const system = network.from === 'target' ? ['127.0.0.53', '127.0.0.1'] : getServers();
  const way = protocol === 'tcp' || !network.datagram ? 'tcp' : 'udp';
  return (server === 'system' ? system : [server]).map((text) => {
    const read = readNameServer(text);
    if (!read) throw new Error(`the server is not written as address[:port], tls:// or https://: ${text}`);
    return read.way === 'udp' ? { ...read, way } : read;
  });
}

function explainRefusal(refusals: readonly Unreachable[], { params }: Question): Observation<Readings> {
  const [first] = refusals;
  const reason = refusals.map(({ message }) => message).join('; ');
  if (first?.reason === 'forbidden')
    return unknown(`${reason}; allow it there (AllowTcpForwarding yes) or give \`from: runner\``);
  if ((params.server ?? 'system') === 'system') return unknown(`${reason}: give \`server\` or \`from: target\``);
  const none = absentReading(`the name server cannot be reached: ${reason}`);
  const readings = Object.fromEntries(Object.keys(properties).map((name) => [name, none]));
  return known({ ...readings, exists: unknownReading(none.reason) });
}

// ------------------------------------------------------------------------------------------------------- messages

type DnsPacket = typeof import('dns-packet');

/** Node's types lack the codes. */
interface Reply extends DecodedPacket {
  readonly rcode: string;
  readonly seconds: number;
}

interface Asking extends Surroundings {
  readonly packet: DnsPacket;
  readonly name: string;
  readonly type: string;
  readonly params: Question['params'];
}

/** @returns what is wrong with the question */
async function makeAsking(query: Question, around: Surroundings): Promise<Asking | string> {
  const { subject, params } = query;
  const type = typeOf(query);
  if (params.protocol === 'udp' && !around.network.datagram)
    return 'SSH forwards no datagrams: give `from: runner` or `protocol: tcp`';
  // What is no domain for URLs may be one for DNS: only other letters need a translation.
  const ascii = /^[\x21-\x7e]*$/.test(subject) ? subject : domainToASCII(subject);
  const name = isIP(subject) && type === 'PTR' ? reverseName(subject) : ascii.replace(/(.)\.$/, '$1');
  const labels = name.split('.');
  if (labels.some((label) => label === '' || label.length > 63) && name !== '.') return `${subject} is no domain name`;
  // 33 ms of loading, which planning does not need.
  return { ...around, packet: await import('dns-packet'), name, type, params };
}

async function ask(asking: Asking, server: NameServer, seconds: number): Promise<Reply> {
  const start = performance.now();
  const { packet, name, type, params, network, trust } = asking;
  // RFC 8484, section 4.1: the id is 0, so that answers can be kept.
  const id = server.way === 'https' ? 0 : randomInt(65_536);
  const message = packet.encode({
    ...{ type: 'query', id, flags: packet.RECURSION_DESIRED | packet.AUTHENTIC_DATA },
    questions: [{ type: packetType(type) as 'A', name }],
    additionals: [{ ...plainOption, flags: packet.DNSSEC_OK }],
  });
  const wire = {
    ...{ network, trust, insecure: params.insecure === true },
    ...(params.ca !== undefined && { ca: params.ca }),
  };
  const deadline = startDeadline(seconds, asking.signal);
  try {
    const bytes = await Promise.race([exchangeDns(message, server, wire, deadline.signal), deadline.rejection]);
    const reply = readReply(bytes, id, asking, server);
    if (!reply.flag_tc || server.way !== 'udp') return { ...reply, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (deadline.isOver()) throw new Error(`${showNameServer(server)} gave no answer within ${asking.seconds} s`);
    throw error;
  } finally {
    deadline.clear();
  }
  if (params.protocol === 'udp') throw new Error('the answer does not fit into a datagram');
  return ask(asking, { ...server, way: 'tcp' }, seconds);
}

/** RFC 6891: room for answers that are not cut into pieces on the way (RFC 9715). */
const plainOption = {
  ...({ type: 'OPT', name: '.', udpPayloadSize: 1232 } as const),
  ...{ extendedRcode: 0, ednsVersion: 0, flag_do: true, options: [] },
};

/** @throws where it is no answer to this question */
function readReply(
  bytes: Buffer,
  id: number,
  { packet, name, type }: Asking,
  server: NameServer,
): Omit<Reply, 'seconds'> {
  let reply: Omit<Reply, 'seconds'>;
  try {
    reply = packet.decode(bytes) as Reply;
  } catch (cause) {
    throw new Error(`${showNameServer(server)} gave an answer that cannot be read`, { cause });
  }
  const [question] = reply.questions ?? [];
  const same = question?.name.toLowerCase() === name.toLowerCase() && (question.type as string) === packetType(type);
  // A server that does not understand a question may leave it out.
  const left = question === undefined && reply.rcode !== 'NOERROR';
  if (reply.flag_qr && reply.id === id && (same || left)) return reply;
  throw new Error(`${showNameServer(server)} gave an answer to another question`);
}

function describeReply(query: Question, reply: Reply, { name, type }: Asking): Observation<Readings> {
  const common = {
    rcode: showCode(reply.rcode, reply.additionals ?? []),
    authoritative: reply.flag_aa,
    time: reply.seconds,
  };
  if (common.rcode === 'NXDOMAIN') {
    const none = absentReading(`there is no such name: ${query.subject}`);
    return known({
      ...common,
      exists: false,
      resolvable: false,
      authenticated: reply.flag_ad,
      answers: none,
      ttl: none,
    });
  }
  if (common.rcode !== 'NOERROR') {
    const failed = unknownReading(`the name server answered ${common.rcode}`);
    return known({
      ...common,
      exists: failed,
      resolvable: failed,
      authenticated: failed,
      answers: failed,
      ttl: failed,
    });
  }
  const records = findRecords(reply.answers ?? [], name, type);
  return known({
    ...common,
    resolvable: records.length > 0,
    authenticated: reply.flag_ad,
    answers: records.map(({ text }) => text).sort(),
    ttl:
      records.length > 0
        ? Math.min(...records.map(({ ttl }) => ttl))
        : absentReading('there are no records of the type'),
  });
}

// --------------------------------------------------------------------------------------------------------- getent

function askGetent(queries: readonly Question[], type: 'A' | 'AAAA'): readonly ShellProbe<Readings>[] {
  if (queries.length === 0) return [];
  const database: Family = type === 'A' ? 'ahostsv4' : 'ahostsv6';
  const names = [...new Set(queries.map(({ subject }) => subject))];
  return [
    {
      kind: 'shell',
      answers: queries,
      script: printAddresses(database, names),
      exits: [0],
      limit: Math.max(15, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 4 * 1024 * 1024,
      slots: 'shared',
      parse: ({ stdout }) => {
        const found = readAddresses(database, names, stdout.toString('utf8'));
        if (!found) return sameForAll(queries, unknown('getent gave no answer that can be read'));
        return new Map(queries.map((query) => [query.id, describeAddresses(found.get(query.subject) ?? [])]));
      },
    },
  ];
}

/** `getent` does not tell a name that is not there from name servers that are not there. */
function describeAddresses(addresses: readonly string[]): Observation<Readings> {
  const untold = unknownReading('the target was asked by getent, which tells addresses only: give `server`');
  const rest = { rcode: untold, ttl: untold, authenticated: untold, authoritative: untold, time: untold };
  if (addresses.length > 0) return known({ ...rest, resolvable: true, answers: addresses });
  const why = 'getent on the target gives no address, and does not tell whether the name or the name server is missing';
  return known({ ...rest, exists: unknownReading(why), resolvable: unknownReading(why), answers: absentReading(why) });
}
