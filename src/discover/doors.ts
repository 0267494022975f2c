import { formatEndpoint, type ListeningSocket } from '../sockets.js';
import type { Listing } from './listing.js';
import { sortSockets } from './ports.js';
import { type Speech, speechOf } from './protocols.js';

/** A TCP port at which it is tried what is spoken there. */
export interface Door {
  readonly port: number;
  /** Where it is reached from the target itself: `127.0.0.1:443`. */
  readonly endpoint: string;
  readonly speech: Exclude<Speech, 'other'>;
  /** The web server whose configuration names virtual hosts for it. */
  readonly server?: 'nginx' | 'caddy' | 'apache';
  /** Whether others than the machine itself may reach it. */
  readonly open: boolean;
}

/**
 * The ports to try, in their order. A socket that systemd still holds is left alone: to connect would start its service,
 * and a look changes nothing.
 */
export function listDoors(listing: Listing): readonly Door[] {
  const ports = new Map<number, ListeningSocket[]>();
  for (const socket of sortSockets(listing).lasting) {
    if (socket.protocol !== 'tcp') continue;
    ports.set(socket.port, [...(ports.get(socket.port) ?? []), socket]);
  }
  return [...ports]
    .sort(([a], [b]) => a - b)
    .flatMap(([port, sockets]): Door[] => {
      const programs = [...new Set(sockets.flatMap(namesOf))];
      const speech = speechOf(port, programs);
      if (speech === 'other' || sockets.some(isHeldBySystemd)) return [];
      const server = serverOf(sockets, programs);
      const open = sockets.some(({ loopback }) => !loopback);
      return [{ port, endpoint: endpointOf(sockets, port), speech, open, ...(server && { server }) }];
    });
}

function namesOf({ holders, madeBy }: ListeningSocket): readonly string[] {
  return holders.length > 0 ? holders.map(({ name }) => name) : madeBy === undefined ? [] : [madeBy];
}

function isHeldBySystemd({ holders, madeBy }: ListeningSocket): boolean {
  const others = holders.filter(({ pid }) => pid !== 1);
  return others.length === 0 && (holders.length > 0 || madeBy === undefined || madeBy.endsWith('.socket'));
}

/** Loopback where it leads there, IPv4 first; else the first address it is bound to. */
function endpointOf(sockets: readonly ListeningSocket[], port: number): string {
  const addresses = sockets.map(({ address }) => address.replace(/%.*$/, '')).sort();
  const [serves4, serves6] = [sockets.some((socket) => socket.servesV4), sockets.some((socket) => socket.servesV6)];
  const wild = addresses.some((address) => address === '::' || address === '0.0.0.0');
  const local =
    addresses.find((address) => address.startsWith('127.')) ?? addresses.find((address) => address === '::1');
  const address =
    local ?? (wild ? (serves4 ? '127.0.0.1' : serves6 ? '::1' : '127.0.0.1') : (addresses[0] ?? '127.0.0.1'));
  return formatEndpoint(address, port);
}

function serverOf(sockets: readonly ListeningSocket[], programs: readonly string[]): Door['server'] {
  const words = [...programs, ...sockets.map(({ madeBy }) => madeBy ?? '')].join(' ');
  if (/nginx|openresty|angie/.test(words)) return 'nginx';
  if (/caddy/.test(words)) return 'caddy';
  // Not lighttpd, thttpd and the like.
  return /(?<![a-z])httpd|apache2/.test(words) ? 'apache' : undefined;
}
