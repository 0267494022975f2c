import type { Query, Value } from '../model.js';
import { isNoReading } from '../resource.js';
import { question } from './answers.js';
import type { Part, Remark } from './finding.js';

/** WireGuard interfaces and their peers, by public key: what is private of them is never asked for. */
export const tunnelsPart: Part = {
  questions: (listing) => (listing.basics?.tunnels ?? []).filter(isName).map(askForTunnel),
  describe: (listing, answers) => {
    const names = [...(listing.basics?.tunnels ?? [])].filter(isName).sort();
    const stale: string[] = [];
    const entries = names.flatMap((name) => {
      const query = askForTunnel(name);
      if (!answers.isKnown(query)) return [];
      const expects: Record<string, Value> = {};
      for (const property of ['listening-port', 'public-key']) {
        const value = answers.value(query, property);
        if (value !== undefined) expects[property] = value;
      }
      const peers = Object.entries(readPeers(answers.value(query, 'peers'))).sort(([a], [b]) => (a < b ? -1 : 1));
      if (peers.length > 0) expects.peers = Object.fromEntries(peers.map(([key, peer]) => [key, describePeer(peer)]));
      for (const [key, peer] of peers)
        if (peer.keepalive !== undefined && peer.fresh !== true) stale.push(`${name} ${key}`);
      return Object.keys(expects).length > 0
        ? [{ group: 'tunnels', resource: 'wireguard', subject: name, expects } as const]
        : [];
    });
    const remark: Remark = { group: 'tunnels', text: 'Keepalive is on, but no handshake for 180 s', about: stale };
    return { entries, remarks: stale.length > 0 ? [remark] : [] };
  },
};

function askForTunnel(name: string): Query {
  return question('wireguard', name, ['listening-port', 'public-key', 'peers']);
}

/** netdevice(7) allows more, but nobody who means well uses it. */
function isName(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,15}$/.test(name);
}

type Peer = { readonly [field: string]: Value | undefined };

/** Fields that have no value are left out. */
function readPeers(peers: Value | undefined): { readonly [key: string]: Peer } {
  if (typeof peers !== 'object' || peers === null || Array.isArray(peers)) return {};
  return Object.fromEntries(
    Object.entries(peers).map(([key, peer]) => [
      key,
      Object.fromEntries(Object.entries(peer ?? {}).filter(([, value]) => !isNoReading(value))),
    ]),
  );
}

/** Without keepalive or traffic even a healthy peer shakes no hands: then it proves nothing. */
function describePeer(peer: Peer): Value {
  return {
    'allowed-ips': peer['allowed-ips'] ?? [],
    ...(peer.keepalive !== undefined && peer.fresh === true && { fresh: true }),
  };
}
