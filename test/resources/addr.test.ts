import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { Unreachable } from '../../src/error.js';
import type { Network } from '../../src/model.js';
import addr from '../../src/resources/addr.js';
import { networkProbes, talk } from '../run-conversation.js';
import { ask } from '../run-script.js';

const all = Object.keys(addr.properties);
const look = (subject: string, params = {}, network?: Network) => talk(addr, ask(addr, subject, all, params), network);

function failing(error: Error): Network {
  return { from: 'target', standsIn: false, connect: () => Promise.reject(error) };
}

t.test('TCP that listens, and that does not', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.match(await look(`tcp://127.0.0.1:${port}`), {
    status: 'known',
    readings: { reachable: true, time: Number, reason: { noReading: 'absent' } },
  });
  t.match(await look(`tcp://127.0.0.1:${port}`, { 'local-address': '127.0.0.9' }), { readings: { reachable: true } });
  server.close();
  await once(server, 'close');
  t.same(await look(`tcp://127.0.0.1:${port}`), {
    status: 'known',
    readings: {
      reachable: false,
      reason: 'refused',
      time: { noReading: 'absent', reason: `connection refused: 127.0.0.1:${port}` },
    },
  });
});

t.test('every way of not being reachable', async (t) => {
  for (const reason of ['refused', 'name-not-found', 'no-route', 'timed-out'] as const) {
    t.match(
      await look('tcp://[fd00::1]:22', {}, failing(new Unreachable(reason, 'so'))),
      { status: 'known', readings: { reachable: false, reason, time: { noReading: 'absent', reason: 'so' } } },
      reason,
    );
  }
  const silent: Network = { ...failing(new Error()), connect: () => new Promise(() => {}) };
  const query = { ...ask(addr, 'tcp://db.internal:5432', all), timeout: 0.05 };
  t.match(await talk(addr, query, silent), {
    readings: {
      reachable: false,
      reason: 'timed-out',
      time: { reason: 'db.internal:5432 gave no answer within 0.05 s' },
    },
  });
});

t.test('what says nothing about the far end is unknown', async (t) => {
  t.same(await look('tcp://a:1', {}, failing(new Unreachable('forbidden', 'the server forwards nothing'))), {
    status: 'unknown',
    reason: 'the server forwards nothing; allow it there (AllowTcpForwarding yes) or give `from: runner`',
  });
  t.same(await look('tcp://a:1', {}, failing(new Error('connection lost'))), {
    status: 'unknown',
    reason: 'connection lost',
  });
  t.same(await look('tcp://a:70000'), { status: 'unknown', reason: 'tcp://a:70000 has no valid host and port' });
});

t.test('UDP: an answer, a refusal, silence', async (t) => {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  await once(server, 'listening');
  const subject = `udp://127.0.0.1:${server.address().port}`;
  t.match(await talk(addr, { ...ask(addr, subject, all), timeout: 0.1 }), {
    status: 'unknown',
    reason: /gave no answer within 0.1 s, which proves nothing: UDP services need not answer an empty datagram$/,
  });
  server.on('message', (_, from) => server.send('here', from.port, from.address));
  t.match(await look(subject), { status: 'known', readings: { reachable: true } });
  server.close();
  await once(server, 'close');
  t.match(await look(subject), { status: 'known', readings: { reachable: false, reason: 'refused' } });
  t.same(await look(subject, {}, failing(new Error('never asked'))), {
    status: 'unknown',
    reason: 'SSH forwards no datagrams: give `from: runner`',
  });
});

t.test('subjects, ends and limits', async (t) => {
  const valid = ['tcp://a:1', 'udp://10.0.0.1:53', 'tcp://[::1]:443'];
  const invalid = ['a:1', 'tcp://a', 'tcp://::1:443', 'tcp://a:1/x', 'http://a:1', 'tcp://a b:1'];
  for (const subject of valid) t.match(subject, addr.subject.pattern, subject);
  for (const subject of invalid) t.notMatch(subject, addr.subject.pattern, subject);
  const [plain, target] = networkProbes(addr, [
    ask(addr, 'tcp://a:1', all),
    { ...ask(addr, 'tcp://a:2', all, { from: 'target' }), timeout: 20 },
  ]);
  t.match(plain, { from: undefined, limit: 10 });
  t.match(target, { from: 'target', limit: 25 });
});
