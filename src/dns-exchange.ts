import { connect as connectHttp2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import { shakeHands, type TrustStore } from './handshake.js';
import type { Network } from './model.js';
import { type NameServer, showNameServer } from './name-server.js';

export interface DnsWire {
  readonly network: Network;
  readonly trust: TrustStore;
  readonly ca?: string;
  readonly insecure?: boolean;
}

/** A message holds its length in two bytes wherever it does. */
const mostBytes = 65_535;

/**
 * Sends one DNS message and gives the answer, both in wire format (RFC 1035, 7766, 7858, 8484).
 * @throws Unreachable, or an error that says nothing about the name
 */
export async function exchangeDns(
  message: Buffer,
  server: NameServer,
  wire: DnsWire,
  signal: AbortSignal,
): Promise<Buffer> {
  const { host, port } = server.place;
  const open = () => wire.network.connect(host, port, signal);
  if (server.way === 'udp') {
    if (!wire.network.datagram) throw new Error('SSH forwards no datagrams');
    return wire.network.datagram(host, port, message, signal);
  }
  const stream = server.way === 'tcp' ? await open() : await openTls(open, server, wire, signal);
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await (server.way === 'https' ? postMessage(stream, message, server) : exchangeFramed(stream, message));
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

async function openTls(open: () => Promise<Duplex>, server: NameServer, wire: DnsWire, signal: AbortSignal) {
  const { name, place, way } = server;
  const insecure = wire.insecure === true || name === undefined;
  const options = { name: name ?? place.host, alpn: [way === 'tls' ? 'dot' : 'h2'], insecure };
  const { socket, distrust } = await shakeHands(
    open,
    { ...options, ...(wire.ca !== undefined && { ca: wire.ca }) },
    wire.trust,
    signal,
  );
  if (distrust === '' || insecure) return socket;
  socket.destroy();
  throw new Error(`the certificate of ${showNameServer(server)} is not to be trusted: ${distrust} (give \`ca\`)`);
}

/** Over a byte stream each message follows its length. */
function exchangeFramed(stream: Duplex, message: Buffer): Promise<Buffer> {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.length < 2 ? undefined : 2 + received.readUInt16BE(0);
      if (end !== undefined && received.length >= end) resolve(received.subarray(2, end));
    });
    stream.on('error', reject);
    stream.once('close', () => reject(new Error('the name server closed the connection without an answer')));
    stream.write(Buffer.concat([length, message]));
  });
}

/** HTTP/2 alone: it is the least that RFC 8484 recommends, and some servers know nothing else. */
function postMessage(socket: Duplex, message: Buffer, { place, path = '/dns-query' }: NameServer): Promise<Buffer> {
  if (!('alpnProtocol' in socket) || socket.alpnProtocol !== 'h2') {
    return Promise.reject(new Error('the name server does not speak HTTP/2, which DNS over HTTPS needs'));
  }
  const authority = place.host.includes(':') ? `[${place.host}]` : place.host;
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://${authority}:${place.port}`, { createConnection: () => socket });
    session.on('error', reject);
    session.once('close', () => reject(new Error('the name server closed the connection without an answer')));
    const request = session.request({
      ...{ ':method': 'POST', ':path': path, accept: 'application/dns-message' },
      ...{ 'content-type': 'application/dns-message', 'content-length': message.length },
    });
    const kept: Buffer[] = [];
    let length = 0;
    request.on('error', reject);
    request.once('response', (headers) => {
      const status = Number(headers[':status']);
      if (status !== 200) reject(new Error(`the name server answered with HTTP status ${status}`));
    });
    request.on('data', (chunk: Buffer) => {
      kept.push(chunk);
      length += chunk.length;
      if (length > mostBytes) reject(new Error('the answer is longer than a DNS message can be'));
    });
    request.once('end', () => resolve(Buffer.concat(kept)));
    request.end(message);
  });
}
