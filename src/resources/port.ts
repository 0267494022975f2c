import type { NoReading, Observation, Query } from '../model.js';
import { absentReading, defineResource, known, sameForAll, unknown, unknownReading } from '../resource.js';
import {
  askForSockets,
  type Holder,
  type ListeningSocket,
  normalizeSocketPath,
  readSockets,
  type SocketTable,
  type UnixSocket,
} from '../sockets.js';

export default defineResource({
  name: 'port',
  summary: 'A port of the target, seen from inside: who listens, and on which addresses',
  subject: {
    summary:
      'Protocol and port; `tcp:` covers IPv4 and IPv6, `tcp4:` and `tcp6:` one of them. Or `unix:` and the path of a socket',
    example: 'tcp:443',
    pattern:
      /^((tcp|udp)[46]?:)?([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$|^unix:\/[^\0\n]{1,106}$/,
    mistake: 'a port is written tcp:443, tcp4:443, tcp6:443, udp:53, udp4:53, udp6:53 or unix:/run/app.sock',
    normalize: normalizePort,
  },
  params: {},
  properties: {
    listening: {
      type: 'boolean',
      summary: 'A TCP or Unix socket listens there, or a UDP socket without a peer is bound there',
      example: true,
    },
    addresses: {
      type: 'list',
      summary: 'Addresses it is bound to, sorted; `::` may serve IPv4 too',
      example: ['127.0.0.1', '::1'],
    },
    processes: {
      type: 'list',
      summary: 'Names of the processes that hold it (the first 15 bytes), sorted; needs root',
      example: ['nginx'],
    },
    unit: { type: 'string', summary: 'systemd unit that it belongs to', example: 'nginx.service' },
    users: {
      type: 'list',
      summary: 'Users that these processes run as, sorted; needs root',
      example: ['nginx', 'root'],
    },
  },
  needs: ['ss (iproute2 5.8)'],
  notes: `\
- A socket on \`::\` that also serves IPv4 makes \`tcp4:\` and \`tcp6:\` listening; its address is \`::\` for both. An
  address behind \`::ffff:\` is IPv4. A wildcard that is bound to one interface is \`0.0.0.0%eth0\`.
- Of a socket that systemd holds for a socket unit, \`processes\` is \`[systemd]\` and \`unit\` is the socket unit, until
  the service has taken it over; then both are those of the service.
- A socket of the kernel itself (WireGuard, NFS) has no processes.
- Programs that NixOS wraps are called \`.name-wrapped\`, cut at 15 bytes.
- The path of a socket is the one it was bound to, with \`/run\` for \`/var/run\`. A file of a server that has ended is
  still there, and is not listened on. Those of containers with a network of their own are not seen.
- This says nothing of firewalls: whether others reach the port, \`addr\` tells.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForSockets({
        holders: isWanted(queries, 'processes'),
        users: isWanted(queries, 'users'),
        units: isWanted(queries, 'unit'),
        unix: queries.some(({ subject }) => isUnix(subject)),
      }),
      exits: [0],
      limit: Math.max(20, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 16 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => {
        const table = readSockets(output);
        if (!table) return sameForAll(queries, unknown('the answer of ss is not whole'));
        return new Map(queries.map((query) => [query.id, readPort(query, table)]));
      },
    },
  ],
});

function normalizePort(written: string): string {
  if (isUnix(written)) return `unix:${normalizeSocketPath(written.slice('unix:'.length))}`;
  return written.includes(':') ? written : `tcp:${written}`;
}

function isUnix(subject: string): boolean {
  return subject.startsWith('unix:');
}

interface Readings {
  readonly exists: boolean;
  readonly listening: boolean;
  readonly addresses: readonly string[] | NoReading;
  readonly processes?: readonly string[] | NoReading;
  readonly unit?: string | NoReading;
  readonly users?: readonly string[] | NoReading;
}

function isWanted(queries: readonly Query[], property: string): boolean {
  return queries.some((query) => query.wanted.has(property));
}

function readPort(query: Query, table: SocketTable): Observation<Readings> {
  const path = query.subject.slice('unix:'.length);
  const sockets = isUnix(query.subject)
    ? (table.unixSockets ?? []).filter((socket) => socket.path === path)
    : table.sockets.filter((socket) => matchesPort(socket, query.subject));
  if (sockets.length === 0) {
    const none = absentReading(`nothing listens on ${query.subject}`);
    return known({ exists: false, listening: false, addresses: none, processes: none, unit: none, users: none });
  }
  return known({
    exists: true,
    listening: true,
    addresses: readAddresses(sockets),
    ...(query.wanted.has('processes') && { processes: readHolders(sockets, table, (holder) => holder.name) }),
    ...(query.wanted.has('users') && { users: readHolders(sockets, table, (holder) => holder.user) }),
    ...(query.wanted.has('unit') && { unit: readUnit(sockets, table) }),
  });
}

function readAddresses(sockets: readonly (ListeningSocket | UnixSocket)[]): readonly string[] | NoReading {
  const addresses = sockets.flatMap((socket) => ('address' in socket ? socket.address : []));
  return addresses.length > 0 ? sortedSet(addresses) : absentReading('a socket in the file system has no address');
}

function matchesPort(socket: ListeningSocket, subject: string): boolean {
  const [, protocol, family, port] = /^(tcp|udp)([46]?):(\d+)$/.exec(subject) ?? [];
  if (socket.protocol !== protocol || socket.port !== Number(port)) return false;
  return family === '4' ? socket.servesV4 : family === '6' ? socket.servesV6 : true;
}

/** Without the right to see all, an empty list is no answer, and one that is not empty may lack somebody. */
function readHolders(
  sockets: readonly (ListeningSocket | UnixSocket)[],
  table: SocketTable,
  tell: (holder: Holder) => string | undefined,
): readonly string[] | NoReading {
  if (!table.seesAll) return unknownReading('only root sees whose a socket is: connect as root or set `sudo: true`');
  const holders = sockets.flatMap((socket) => socket.holders);
  if (holders.length === 0) return absentReading('no process holds it: it belongs to the kernel or to a container');
  const told = holders.map(tell).filter((word) => word !== undefined);
  return told.length > 0
    ? sortedSet(told)
    : unknownReading('the processes that held it ended while they were looked at');
}

/** What holds it now; where that may not be seen, what made it. Several units are all told, as there must be one. */
function readUnit(sockets: readonly (ListeningSocket | UnixSocket)[], table: SocketTable): string | NoReading {
  const units = sockets.flatMap((socket) => {
    const holding = socket.holders.flatMap((holder) => holder.unit ?? []);
    return holding.length > 0 ? holding : (socket.madeBy ?? []);
  });
  if (units.length > 0) return sortedSet(units).join(', ');
  return table.seesAll
    ? absentReading('it belongs to no unit: to the kernel, to a container or to a process outside of systemd')
    : unknownReading('its unit could not be told: connect as root or set `sudo: true`');
}

function sortedSet(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}
