import type { Observation, Query } from '../model.js';
import { defineResource, known, sameForAll, unknown } from '../resource.js';
import { askForSockets, formatEndpoint, type ListeningSocket, readSockets } from '../sockets.js';

export default defineResource({
  name: 'listeners',
  summary: 'Everything that listens on the target: that there is nothing else',
  subject: { summary: 'The host', example: '', none: true },
  params: {
    exclude: {
      type: 'list',
      summary: 'What to leave out: `22`, `udp:68`, `127.0.0.1:*`, `udp:[fe80::*]:546`; `*` stands for any characters',
      example: ['udp:68', 'tcp:[::1]:*'],
    },
  },
  properties: {
    tcp: { type: 'list', summary: 'All TCP listeners, sorted', example: ['0.0.0.0:22', '127.0.0.1:5432', '[::]:22'] },
    udp: { type: 'list', summary: 'All UDP sockets without a peer, sorted', example: ['0.0.0.0:51820'] },
    'public-tcp': {
      type: 'list',
      summary: 'Those TCP listeners that are not on loopback, sorted',
      example: ['0.0.0.0:22', '[::]:22'],
    },
    'public-udp': {
      type: 'list',
      summary: 'Those UDP sockets that are not on loopback, sorted',
      example: ['0.0.0.0:51820', '[::]:51820'],
    },
  },
  needs: ['ss (iproute2 5.8)'],
  notes: `\
- Each is an \`address:port\`: \`0.0.0.0:22\`, \`[::]:443\` (which usually serves IPv4 too), \`[fe80::1%eth0]:546\`.
- Programs that ask over UDP (resolvers, time) have sockets for a moment that look like servers: exclude their ports, or
  assert \`contain-elements\`.
- Public means: not 127.0.0.0/8, not \`::1\`, not bound to the interface \`lo\`. Firewalls are not looked at.`,
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForSockets({}),
      exits: [0],
      limit: Math.max(20, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 16 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => {
        const table = readSockets(output);
        if (!table) return sameForAll(queries, unknown('the answer of ss is not whole'));
        return new Map(queries.map((query) => [query.id, readListeners(query, table.sockets)]));
      },
    },
  ],
});

interface Readings {
  readonly tcp: readonly string[];
  readonly udp: readonly string[];
  readonly 'public-tcp': readonly string[];
  readonly 'public-udp': readonly string[];
}

function readListeners(query: Query, all: readonly ListeningSocket[]): Observation<Readings> {
  const { exclude } = query.params;
  const patterns = (Array.isArray(exclude) ? exclude : []).map((written) => compileExclusion(String(written)));
  const sockets = all.filter((socket) => !patterns.some((pattern) => pattern(socket)));
  const list = (protocol: string, loopback: boolean) => {
    const chosen = sockets.filter((socket) => socket.protocol === protocol && (loopback || !socket.loopback));
    return [...new Set(chosen.map((socket) => formatEndpoint(socket.address, socket.port)))].sort();
  };
  return known({
    tcp: list('tcp', true),
    udp: list('udp', true),
    'public-tcp': list('tcp', false),
    'public-udp': list('udp', false),
  });
}

/** Protocol, if any, then a port alone (on any address) or a whole endpoint, each with `*` for any characters. */
function compileExclusion(written: string): (socket: ListeningSocket) => boolean {
  const [, protocol, rest = ''] = /^(?:(tcp|udp):)?(.*)$/.exec(written) ?? [];
  const whole = /[:.\]]/.test(rest);
  const pattern = new RegExp(`^${rest.replace(/[^A-Za-z0-9*]/g, '\\$&').replace(/\*+/g, '.*')}$`);
  return (socket) =>
    (protocol === undefined || socket.protocol === protocol) &&
    pattern.test(whole ? formatEndpoint(socket.address, socket.port) : String(socket.port));
}
