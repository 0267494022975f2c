import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { loadMatchers } from '../../src/matcher.js';
import { runnerNetwork } from '../../src/network.js';
import { planRun } from '../../src/plan.js';
import { loadResources } from '../../src/resource.js';
import { parseEntries } from '../../src/spec/parse.js';
import { readSpec } from '../../src/spec/read.js';
import { listWatched, Watch } from '../../src/switch/watch.js';
import { writeFiles } from '../fixture/check-spec.js';

let status = 200;

async function serve(port = 0): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/hangs') response.writeHead(status).end('hello');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

async function watch(t: Test, spec: string) {
  const path = writeFiles(t.testdir(), { 'nixspec.yaml': `version: 1\ntargets: { a: { local: true } }\n${spec}` });
  const [resources, matchers] = [await loadResources(), await loadMatchers()];
  const { entries, problems } = parseEntries(await readSpec(path, { env: {} }), 'a', resources, matchers, { vars: {} });
  t.strictSame(problems, []);
  const { signal } = new AbortController();
  const network = runnerNetwork();
  const plan = planRun(entries, resources);
  return listWatched({ plan, resources, matchers, network, host: '127.0.0.1', signal });
}

t.test('a server goes away, answers wrongly, hangs, and comes back', async (t) => {
  let server = await serve();
  const { port } = server.address() as AddressInfo;
  const watched = await watch(
    t,
    `http: { "http://127.0.0.1:${port}/": { status: 200, time: { lt: 0s } }, "http://127.0.0.1:${port}/hangs": { status: 200 } }
addr: { "tcp://127.0.0.1:${port}": { reachable: true } }
port: { "tcp:${port}": { listening: true }, "udp:1": { listening: true }, "tcp:1": { listening: false } }
unit: { ssh: { active: true } }
`,
  );
  t.strictSame(
    watched.map(({ name }) => name),
    [
      `http http://127.0.0.1:${port}/`,
      `http http://127.0.0.1:${port}/hangs`,
      `addr tcp://127.0.0.1:${port}`,
      `port tcp:${port}`,
    ],
  );
  const one = new Watch();
  await one.start(watched, new AbortController().signal);
  t.strictSame(one.unwatched, [{ name: `http http://127.0.0.1:${port}/hangs`, reason: 'no answer within 3 s' }]);
  await sleep(700);
  t.strictSame(one.down(), []);
  await stop(server);
  await sleep(1600);
  t.equal(one.down().length, 3, 'all three are down');
  server = await serve(port);
  await sleep(900);
  t.strictSame(one.down(), []);
  status = 502;
  await sleep(1200);
  t.strictSame(one.down(), [`http http://127.0.0.1:${port}/`], 'the port still listens');
  const [http, addr, listens] = await one.stop();
  await stop(server);
  t.match(http, { count: 2, spans: [{ reason: /refused/ }, { reason: /502/ }] });
  t.equal(http?.spans[1]?.to, undefined, 'still down when the watch ended');
  for (const found of [addr, listens]) {
    t.match(found, { count: 1, spans: [{ reason: /refused/ }] });
    t.ok(found && found.seconds >= 1 && found.seconds < 3.5, `${found?.seconds} s, of 1.6`);
  }
});

t.test('what is more than it may watch is told', async (t) => {
  const many = Array.from({ length: 32 }, (_, at) => ({ name: `http ${at}`, look: async () => undefined }));
  const one = new Watch();
  await one.start(many, new AbortController().signal);
  t.equal((await one.stop()).length, 30);
  t.strictSame(
    one.unwatched.map(({ name }) => name),
    ['http 30', 'http 31'],
  );
});

t.test('it ends with its signal, also in the middle of a look', async (t) => {
  const outer = new AbortController();
  const one = new Watch();
  let looks = 0;
  const hangs = {
    name: 'http a',
    look: () => (looks++ === 0 ? Promise.resolve(undefined) : new Promise<never>(() => {})),
  };
  await one.start([hangs], outer.signal);
  await sleep(50);
  outer.abort();
  const begun = Date.now();
  t.match(await one.stop(), [{ looks: 0, count: 0 }]);
  t.ok(Date.now() - begun < 500);
});
