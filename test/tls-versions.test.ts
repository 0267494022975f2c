import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Server } from 'node:net';
import { createServer as createTlsServer, type SecureVersion } from 'node:tls';
import t, { type Test } from 'tap';
import { listTlsVersions } from '../src/tls-versions.js';
import { CertificateMaker, noOpenssl } from './make-certificates.js';

const maker = new CertificateMaker();
t.teardown(() => maker.remove());
const skip = { skip: noOpenssl };

async function listOf(t: Test, server: Server, signal: AbortSignal = new AbortController().signal) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const open = async () => {
    const stream = connectTcp(port, '127.0.0.1');
    await once(stream, 'connect');
    return stream;
  };
  return listTlsVersions(open, 'site.example', signal);
}

t.test('what servers take', skip, async (t) => {
  const pair = maker.selfSigned('/CN=site.example');
  const all: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
  for (const [from, to] of [
    [0, 3],
    [2, 3],
    [3, 3],
    [2, 2],
    [0, 1],
  ] as const) {
    const options = { minVersion: all[from] as SecureVersion, maxVersion: all[to] as SecureVersion };
    const server = createTlsServer({ ...pair, ...options, ciphers: 'ALL:@SECLEVEL=0' });
    server.on('tlsClientError', () => {});
    t.strictSame(await listOf(t, server), all.slice(from, to + 1), `${from} to ${to}`);
  }
});

t.test('a server that closes what it does not like', skip, async (t) => {
  const pair = maker.selfSigned('/CN=site.example');
  const behind = createTlsServer({ ...pair, minVersion: 'TLSv1.2' });
  behind.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
  await once(behind, 'listening');
  t.teardown(() => behind.close());
  const { port } = behind.address() as AddressInfo;
  const front = createServer((socket) => {
    socket.on('error', () => {});
    // RFC 5246, ClientHello: bytes 9 and 10 are the version, 3.1 and 3.2 the old ones.
    socket.once('data', (hello: Buffer) => {
      if ((hello[10] ?? 0) < 3) return socket.destroy();
      const way = connectTcp(port, '127.0.0.1');
      way.on('error', () => {}).write(hello);
      socket.pipe(way).pipe(socket);
    });
  });
  t.strictSame(await listOf(t, front), ['TLSv1.2', 'TLSv1.3']);
});

t.test('a server that stays silent', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume());
  await t.rejects(listOf(t, silent, AbortSignal.timeout(100)));
});
