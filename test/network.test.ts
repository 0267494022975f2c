import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, isIP, type Server } from 'node:net';
import t, { type Test } from 'tap';
import { Unreachable } from '../src/error.js';
import { runnerNetwork, targetNetwork } from '../src/network.js';
import type { Transport } from '../src/transport.js';

const network = runnerNetwork();
const never = new AbortController().signal;

async function listen(t: Test, host = '127.0.0.1'): Promise<number> {
  const server: Server = createServer((socket) => socket.on('error', () => {}).end('hello'));
  server.listen(0, host);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

t.test('a name with several addresses is reached by the one that answers', async (t) => {
  const { runnerNetwork } = await t.mockImport<typeof import('../src/network.js')>('../src/network.js', {
    'node:dns/promises': {
      lookup: async () => ['127.0.0.2', '127.0.0.3', '::1'].map((address) => ({ address, family: isIP(address) })),
    },
  });
  for (const host of ['127.0.0.2', '127.0.0.3', '::1']) {
    const port = await listen(t, host);
    const stream = await runnerNetwork().connect('any.example', port, never);
    const [said] = await once(stream, 'data');
    t.equal(String(said), 'hello', host);
    stream.destroy();
  }
  await t.rejects(runnerNetwork().connect('any.example', await freePort(), never), {
    reason: 'refused',
    message: /^connection refused: any\.example:\d+$/,
  });
});

t.test('refused, no such name, aborted', async (t) => {
  const port = await freePort();
  await t.rejects(network.connect('127.0.0.1', port, never), {
    name: 'Unreachable',
    reason: 'refused',
    message: `connection refused: 127.0.0.1:${port}`,
  });
  const name = await network.connect('nothing.invalid', 1, never).catch((error: unknown) => error);
  // Where no name server can be asked at all, it stays unknown.
  t.ok(
    name instanceof Unreachable ? name.reason === 'name-not-found' : /gave no answer for/.test(String(name)),
    `${name}`,
  );
  await t.rejects(network.connect('127.0.0.1', port, AbortSignal.abort(new Error('stop'))), { message: 'stop' });
});

t.test('local addresses', async (t) => {
  const port = await listen(t);
  const stream = await network.connect('127.0.0.1', port, never, '127.0.0.2');
  t.equal((stream as import('node:net').Socket).localAddress, '127.0.0.2');
  stream.destroy();
  await t.rejects(network.connect('127.0.0.1', port, never, '203.0.113.9'), {
    message: '203.0.113.9 is no address of this machine',
  });
  await t.rejects(network.connect('127.0.0.1', port, never, '::1'), {
    message: '127.0.0.1 has no address of the same family as ::1',
  });
});

t.test('datagrams', async (t) => {
  const echo = createSocket('udp4').bind(0, '127.0.0.1');
  await once(echo, 'listening');
  const stranger = createSocket('udp4');
  // What another sender says does not count.
  echo.on('message', (message, from) => {
    stranger.send('wrong', from.port, from.address, () => echo.send(`got ${message}`, from.port, from.address));
  });
  t.teardown(() => {
    echo.close();
    stranger.close();
  });
  t.equal(String(await network.datagram?.('127.0.0.1', echo.address().port, Buffer.from('x'), never)), 'got x');
  const closed = await freePort();
  await t.rejects(async () => network.datagram?.('127.0.0.1', closed, Buffer.from('x'), never), {
    name: 'Unreachable',
    reason: 'refused',
  });
});

t.test('from the target everything goes through the transport', async (t) => {
  const asked: unknown[] = [];
  const transport = {
    name: 'ssh2',
    connect: async (...words: unknown[]) => asked.push(words.slice(0, 2)),
  } as unknown as Transport;
  const target = targetNetwork(transport, true);
  t.match(target, { from: 'target', standsIn: true, datagram: undefined });
  await target.connect('db.internal', 5432, never);
  t.same(asked, [['db.internal', 5432]]);
  await t.rejects(target.connect('db.internal', 5432, never, '10.0.0.1'), { message: /use `from: runner`/ });
  t.type(targetNetwork({ ...transport, name: 'local' }, false).datagram, 'function');
});
