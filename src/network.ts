import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createConnection, isIP, type Socket } from 'node:net';
import type { Network } from './model.js';
import type { Transport } from './transport.js';
import { explainSocketError } from './unreachable.js';

/** RFC 8305: how long one address has the wire for itself before the next is tried beside it. */
const headStart = 250;
/** A name may have hundreds of addresses. */
const mostAddresses = 8;

/**
 * The network as seen from where nixspec runs.
 * @param standsIn the target stands in for the machine that the public names of the spec belong to
 */
export function runnerNetwork(standsIn = false): Network {
  return { from: 'runner', standsIn, connect: connectFromHere, datagram: exchangeDatagram };
}

/** The network as seen from the target, through the transport's connection. SSH forwards no datagrams. */
export function targetNetwork(transport: Transport, standsIn: boolean): Network {
  if (transport.name === 'local') return { ...runnerNetwork(standsIn), from: 'target' };
  return {
    from: 'target',
    standsIn,
    ...(transport.others && { others: transport.others }),
    connect: (host, port, signal, localAddress) => {
      if (localAddress === undefined) return transport.connect(host, port, signal);
      return Promise.reject(
        new Error('SSH does not let one choose the local address on the target: use `from: runner`'),
      );
    },
  };
}

/**
 * Tries all addresses of a name, the next one while the earlier are still trying. Node's own `autoSelectFamily` was ruled
 * out: it gives up an address when it tries the next, so that a far one can never be reached.
 */
async function connectFromHere(host: string, port: number, signal: AbortSignal, localAddress?: string) {
  const addresses = await findAddresses(host, port, signal);
  const usable = localAddress === undefined ? addresses : addresses.filter((one) => isIP(one) === isIP(localAddress));
  if (usable.length === 0) throw new Error(`${host} has no address of the same family as ${localAddress}`);
  return raceAddresses(usable, { host, port, localAddress }, signal);
}

async function findAddresses(host: string, port: number, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  try {
    const found = await untilAborted(lookup(host, { all: true, verbatim: true }), signal);
    const [first, second] = [4, 6].map((family) => found.filter((one) => one.family === family));
    const [before, after] = found[0]?.family === 6 ? [second, first] : [first, second];
    return found
      .flatMap((_, at) => [before?.[at], after?.[at]])
      .flatMap((one) => one?.address ?? [])
      .slice(0, mostAddresses);
  } catch (error) {
    if (!(error instanceof Error) || signal.aborted) throw error;
    if ((error as NodeJS.ErrnoException).code === 'EAI_AGAIN') {
      throw new Error(`the name servers of this machine gave no answer for ${host}`, { cause: error });
    }
    throw explainSocketError(error, host, port);
  }
}

interface Wanted {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string | undefined;
}

function raceAddresses(addresses: readonly string[], wanted: Wanted, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const trying = new Set<Socket>();
    const errors: Error[] = [];
    let next = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      for (const socket of trying) socket.destroy();
      settle();
    };
    const abort = () => end(() => reject(signal.reason));
    const tryNext = () => {
      clearTimeout(timer);
      const address = addresses[next++];
      if (address === undefined) return;
      const socket = openSocket(address, wanted);
      trying.add(socket);
      socket.once('connect', () => {
        trying.delete(socket);
        end(() => resolve(socket));
      });
      socket.on('error', (error) => {
        if (!trying.delete(socket)) return;
        errors.push(error);
        if (errors.length === addresses.length) end(() => reject(explainFailure(errors, wanted)));
        else tryNext();
      });
      timer = setTimeout(tryNext, headStart);
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    tryNext();
  });
}

function openSocket(host: string, { port, localAddress }: Wanted): Socket {
  return createConnection({ host, port, noDelay: true, ...(localAddress !== undefined && { localAddress }) });
}

/** Of several addresses a refusal tells most: somebody was there. */
function explainFailure(errors: readonly Error[], { host, port, localAddress }: Wanted): Error {
  const ranks = ['ECONNREFUSED', 'ETIMEDOUT'];
  const code = (error: Error) => (error as NodeJS.ErrnoException).code ?? '';
  const telling = ranks.flatMap((rank) => errors.filter((error) => code(error) === rank))[0] ?? errors[0];
  if (!telling) return new Error(`${host} has no address`);
  if (localAddress !== undefined && ['EADDRNOTAVAIL', 'EINVAL'].includes(code(telling))) {
    return new Error(`${localAddress} is no address of this machine`, { cause: telling });
  }
  return explainSocketError(telling, host, port);
}

/** The socket is connected, so that only answers from there arrive, and ICMP's refusal is told (ip(7), IP_RECVERR). */
async function exchangeDatagram(
  host: string,
  port: number,
  message: Buffer,
  signal: AbortSignal,
  localAddress?: string,
): Promise<Buffer> {
  const [address = host] = await findAddresses(host, port, signal);
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  try {
    return await untilAborted(
      new Promise<Buffer>((resolve, reject) => {
        socket.once('message', resolve);
        const fail = (error: Error) => reject(explainFailure([error], { host, port, localAddress }));
        socket.once('error', fail);
        const send = () =>
          socket.connect(port, address, (error?: Error) => (error ? fail(error) : socket.send(message)));
        if (localAddress === undefined) send();
        else socket.bind({ address: localAddress }, send);
      }),
      signal,
    );
  } finally {
    socket.close();
  }
}

/** Waits no longer than the signal lets it; what is waited for may go on by itself. */
function untilAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
