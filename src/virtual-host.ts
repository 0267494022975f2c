import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { Unreachable } from './error.js';
import { type Place, readPlace, showPlace } from './host-port.js';
import type { Network } from './model.js';

/** For the notes of resources that reach virtual hosts. */
export const reachingNotes =
  'The name in the subject is what is asked for (SNI and Host); where it is reached is another matter. `connect-to` says it ' +
  'outright. Otherwise, from the runner, DNS says it. From the target, a staging VM answers for all public names by its own ' +
  'loopback address (127.0.0.1, then ::1), so that public DNS never leads to production by mistake; but names of VMs that run ' +
  'beside it on one network lead to these. On any other target the name is looked up there, and a name that is not known ' +
  "there means the target's loopback. IP addresses and `localhost` are what they are.";

const loopback = ['127.0.0.1', '::1'];

/**
 * A byte stream to where a virtual host is served. It is destroyed when the signal fires.
 * @param connectTo `host[:port]` in place of name lookup; the port is that of the place unless it is given
 * @throws Unreachable
 */
export async function connectVirtualHost(
  network: Network,
  place: Place,
  connectTo: string | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const stream = await connectByRule(network, place, connectTo, signal);
  const destroy = () => stream.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', destroy));
  return stream;
}

async function connectByRule(network: Network, place: Place, connectTo: string | undefined, signal: AbortSignal) {
  if (connectTo !== undefined) {
    const other = readPlace(connectTo, place.port);
    if (!other) throw new Error(`connect-to is not host:port: ${connectTo}`);
    return network.connect(other.host, other.port, signal);
  }
  const direct = () => network.connect(place.host, place.port, signal);
  if (isIP(place.host) || /(^|\.)localhost\.?$/i.test(place.host)) return direct();
  if (network.standsIn && network.others?.some((name) => isName(place.host, name))) return direct();
  if (network.standsIn) {
    if (network.from === 'target') return connectLoopback(network, place, signal);
    throw new Error(
      `${place.host} seen from the runner is another machine than the VM that stands in for it: leave out \`from: runner\` or give \`connect-to\``,
    );
  }
  if (network.from === 'runner') return direct();
  try {
    return await direct();
  } catch (error) {
    if (!(error instanceof Unreachable) || error.reason !== 'name-not-found') throw error;
    return connectLoopback(network, place, signal);
  }
}

/** By RFC 1035 names have no case; one that ends with a dot is the same. */
function isName(host: string, name: string): boolean {
  const asked = host.toLowerCase().replace(/\.$/, '');
  const wanted = name.toLowerCase();
  return wanted.startsWith('*.') ? asked.endsWith(wanted.slice(1)) : asked === wanted;
}

async function connectLoopback(network: Network, place: Place, signal: AbortSignal): Promise<Duplex> {
  for (const address of loopback) {
    try {
      return await network.connect(address, place.port, signal);
    } catch (error) {
      if (!(error instanceof Unreachable) || error.reason === 'forbidden') throw error;
    }
  }
  throw new Unreachable(
    'refused',
    `connection refused: ${showPlace(place)} on the target itself (${loopback.join(', ')})`,
  );
}
