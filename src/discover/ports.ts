import type { Query, Value } from '../model.js';
import { formatEndpoint, type ListeningSocket } from '../sockets.js';
import { question } from './answers.js';
import type { Findings, Found, Part, Remark } from './finding.js';
import type { Listing } from './listing.js';

/** Ports with the units behind them, and that nothing else listens. */
export const portsPart: Part = {
  questions: (listing) => {
    const { lasting } = sortSockets(listing);
    return [...portsOf(lasting).keys()].map(askForPort);
  },
  describe: (listing, answers): Findings => {
    const { lasting, passing } = sortSockets(listing);
    const entries = [...portsOf(lasting)].flatMap(([subject, sockets]): Found[] => {
      const query = askForPort(subject);
      if (!answers.isKnown(query)) return [];
      const expects: Record<string, Value> = {};
      const unit = answers.value(query, 'unit');
      // A scope is named anew with each login and each start of a container.
      if (unit === undefined || String(unit).endsWith('.scope')) expects.listening = true;
      else expects.unit = unit;
      const local = sockets.every(({ loopback }) => loopback);
      const addresses = answers.value(query, 'addresses');
      // Of the others `listeners` says it, and on which address of its own a machine listens is another on each.
      if (local && addresses !== undefined) expects.addresses = addresses;
      return [{ group: local ? 'local-ports' : 'public-ports', resource: 'port', subject, expects }];
    });
    return { entries: [...entries, ...describeListeners(lasting)], remarks: tell(passing) };
  },
};

function askForPort(subject: string): Query {
  return question('port', subject, ['unit', 'addresses']);
}

/**
 * What is there for good, and what is not: sockets of logins (forwarded ports, agents), UDP sockets on a port that the
 * kernel gave out, which wait for an answer, and TCP ones of this kind that nobody else can reach. WireGuard's port may
 * be any; no process holds it.
 */
export function sortSockets({ sockets, basics }: Listing) {
  const [first, last] = basics?.ephemeral ?? [32_768, 60_999];
  const ofKernel = ({ madeBy, holders }: ListeningSocket) => holders.length === 0 && madeBy === undefined;
  const isPassing = (socket: ListeningSocket) => {
    if (/^session-.*\.scope$/.test(unitOf(socket) ?? '')) return true;
    if (socket.port < first || socket.port > last) return false;
    return socket.protocol === 'udp' ? !(sockets.seesAll && ofKernel(socket)) : socket.loopback;
  };
  return {
    lasting: sockets.sockets.filter((socket) => !isPassing(socket)),
    passing: sockets.sockets.filter(
      (socket) => isPassing(socket) && socket.protocol === 'tcp' && !unitOf(socket)?.endsWith('.scope'),
    ),
  };
}

function unitOf({ madeBy, holders }: ListeningSocket): string | undefined {
  return holders.find(({ unit }) => unit !== undefined)?.unit ?? madeBy;
}

/** By `tcp:443`; in the order of the ports, TCP first. */
function portsOf(sockets: readonly ListeningSocket[]): ReadonlyMap<string, readonly ListeningSocket[]> {
  const ports = new Map<string, ListeningSocket[]>();
  const sorted = [...sockets].sort((a, b) =>
    a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : a.port - b.port,
  );
  for (const socket of sorted) {
    const subject = `${socket.protocol}:${socket.port}`;
    ports.set(subject, [...(ports.get(subject) ?? []), socket]);
  }
  return ports;
}

/**
 * Resolvers and time services have UDP sockets for a moment that look like servers: of UDP only what is there must be
 * there, and of TCP nothing else may be.
 */
function describeListeners(sockets: readonly ListeningSocket[]): Found[] {
  const reached = sockets.filter(({ loopback }) => !loopback);
  const publics = (protocol: string) => [
    ...new Set(
      reached
        .filter((socket) => socket.protocol === protocol && !isLinkLocal(socket))
        .sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1))
        .map(({ address, port }) => formatEndpoint(address, port)),
    ),
  ];
  const [tcp, udp] = [publics('tcp'), publics('udp')];
  if (sockets.length === 0) return [];
  const expects = { 'public-tcp': tcp, ...(udp.length > 0 && { 'public-udp': { 'contain-elements': udp } }) };
  const params = reached.some(isLinkLocal) && { params: { exclude: [linkLocal] } };
  return [{ group: 'listeners', resource: 'listeners', subject: '', expects, ...params }];
}

/** As `exclude` takes it. */
const linkLocal = '[fe80:*]:*';

/** Each interface makes its own, of its hardware address or by chance: a tunnel has another after each start. */
function isLinkLocal({ address }: ListeningSocket): boolean {
  return address.startsWith('fe80:');
}

function tell(passing: readonly ListeningSocket[]): Remark[] {
  const units = [...new Set(passing.map((socket) => unitOf(socket) ?? 'unknown'))].sort();
  const text = 'Listen on loopback, on ports that the kernel gave out and that change with each start; left out';
  return units.length > 0 ? [{ group: 'local-ports', text, about: units }] : [];
}
