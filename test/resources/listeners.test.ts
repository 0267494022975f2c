import { createServer } from 'node:net';
import t from 'tap';
import type { Value } from '../../src/model.js';
import listeners from '../../src/resources/listeners.js';
import { ask, observe, read, shells } from '../run-script.js';

const stdout = `udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* ino:1 sk:1 <->
udp UNCONN 0 0 0.0.0.0%lo:54 0.0.0.0:* ino:1 sk:1 <->
udp UNCONN 0 0 0.0.0.0%eth0:68 0.0.0.0:* ino:1 sk:1 <->
udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:* ino:1 sk:1 v6only:1 <->
tcp LISTEN 0 5 0.0.0.0:22 0.0.0.0:* ino:1 sk:1 <->
tcp LISTEN 0 5 [::]:22 [::]:* ino:1 sk:1 v6only:1 <->
tcp LISTEN 0 5 [::]:22 [::]:* ino:2 sk:2 v6only:1 <->
tcp LISTEN 0 5 *:443 *:* ino:1 sk:1 v6only:0 <->
tcp LISTEN 0 5 127.0.0.1:5432 0.0.0.0:* ino:1 sk:1 <->
tcp LISTEN 0 5 [::ffff:127.0.0.2]:2222 *:* ino:1 sk:1 v6only:0 <->
tcp LISTEN 0 5 [::1]:5432 [::]:* ino:1 sk:1 v6only:1 <->
=caps 0000000000000000
=end
`;

function list(exclude?: readonly Value[]) {
  const query = ask(listeners, '', ['tcp', 'udp', 'public-tcp', 'public-udp'], exclude && { exclude });
  const observation = read(listeners, [query], { stdout }).get(query.id);
  return observation?.status === 'known' ? observation.readings : observation;
}

t.test('everything, once each, and without loopback', async (t) => {
  t.same(list(), {
    tcp: ['0.0.0.0:22', '127.0.0.1:5432', '127.0.0.2:2222', '[::1]:5432', '[::]:22', '[::]:443'],
    udp: ['0.0.0.0%eth0:68', '0.0.0.0%lo:54', '127.0.0.53:53', '[fe80::1%eth0]:546'],
    'public-tcp': ['0.0.0.0:22', '[::]:22', '[::]:443'],
    'public-udp': ['0.0.0.0%eth0:68', '[fe80::1%eth0]:546'],
  });
});

t.test('exclude', async (t) => {
  const tcp = ['0.0.0.0:22', '127.0.0.1:5432', '127.0.0.2:2222', '[::1]:5432', '[::]:22', '[::]:443'];
  const udp = ['0.0.0.0%eth0:68', '0.0.0.0%lo:54', '127.0.0.53:53', '[fe80::1%eth0]:546'];
  for (const [pattern, gone] of [
    ['22', ['0.0.0.0:22', '[::]:22']],
    ['2*', ['0.0.0.0:22', '127.0.0.2:2222', '[::]:22']],
    ['udp:22', []],
    ['tcp:22', ['0.0.0.0:22', '[::]:22']],
    ['[::]:22', ['[::]:22']],
    ['127.*:*', ['127.0.0.1:5432', '127.0.0.2:2222', '127.0.0.53:53']],
    ['udp:[fe80::*]:546', ['[fe80::1%eth0]:546']],
    ['*', [...tcp, ...udp]],
    ['udp:*', udp],
    ['*:5432', ['127.0.0.1:5432', '[::1]:5432']],
    ['5432x', []],
    ['127.0.0.1', []],
    ['0.0.0.0:2+', []],
    ['', []],
  ] as const) {
    const left = (all: readonly string[]) => all.filter((endpoint) => !(gone as readonly string[]).includes(endpoint));
    t.match(list([pattern]), { tcp: left(tcp), udp: left(udp) }, pattern);
    t.equal((list([pattern]) as { tcp: string[] }).tcp.length, left(tcp).length, pattern);
  }
  t.match(list(['22', 'tcp:443', 'udp:*']), { tcp: ['127.0.0.1:5432', '127.0.0.2:2222', '[::1]:5432'], udp: [] });
});

t.test('an answer that is not whole says nothing', async (t) => {
  const query = ask(listeners, '', ['tcp']);
  for (const cut of ['', stdout.slice(0, -6), stdout.slice(0, 300)]) {
    t.same(read(listeners, [query], { stdout: cut }).get(query.id), {
      status: 'unknown',
      reason: 'the answer of ss is not whole',
    });
  }
});

t.test('a real socket, in every shell', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const endpoint = `127.0.0.1:${(server.address() as { port: number }).port}`;
  for (const shell of shells) {
    const query = ask(listeners, '', ['tcp', 'public-tcp']);
    const observation = observe(listeners, [query], shell).get(query.id);
    t.equal(observation?.status, 'known');
    if (observation?.status !== 'known') continue;
    t.ok((observation.readings.tcp as string[]).includes(endpoint), shell.join(' '));
    t.notOk((observation.readings['public-tcp'] as string[]).includes(endpoint), shell.join(' '));
  }
});
