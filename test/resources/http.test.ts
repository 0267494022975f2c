import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { Unreachable } from '../../src/error.js';
import type { Network, Observation, Value } from '../../src/model.js';
import { runnerNetwork, targetNetwork } from '../../src/network.js';
import http from '../../src/resources/http.js';
import { openTransport } from '../../src/transport.js';
import { startLab } from '../lab/lab.js';
import { CertificateMaker, noOpenssl } from '../make-certificates.js';
import { networkProbes, talk } from '../run-conversation.js';
import { ask } from '../run-script.js';

const all = Object.keys(http.properties);
const look = (url: string, params: Record<string, Value> = {}, network?: Network, wanted = all) =>
  talk(http, ask(http, url, wanted, params), network);

type Listening = { listen(port: number, host: string): unknown; address(): unknown; close(): unknown };

async function start<S extends Listening>(t: Test, server: S): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server as never, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that says these bytes whatever it is asked, and then closes. */
function rawServer(t: Test, bytes: string | Buffer, whenAsked = true): Promise<number> {
  const server = createTcpServer((socket: Socket) => {
    socket.on('error', () => {});
    if (whenAsked) socket.once('data', () => socket.end(bytes));
    else socket.end(bytes);
  });
  return start(t, server);
}

function readings(observation: Observation | undefined) {
  return observation?.status === 'known' ? observation.readings : observation;
}

const pages: { readonly [path: string]: (request: IncomingMessage, response: ServerResponse) => void } = {
  '/': (_, response) => {
    response.setHeader('X-Twice', ['a', 'b']);
    response.setHeader('Set-Cookie', ['one=1; Path=/', 'two=2']);
    response.end('Hello, world');
  },
  '/json': (_, response) => response.end('{"healthy":true,"of":[1,2]}'),
  '/latin1': (_, response) => {
    response.setHeader('Content-Type', 'text/plain; charset="ISO-8859-1"');
    response.end(Buffer.from('gr\xfc\xdfe', 'latin1'));
  },
  '/gzip': (_, response) => response.setHeader('Content-Encoding', 'gzip').end(gzipSync('packed')),
  '/deflate': (_, response) => response.setHeader('Content-Encoding', 'deflate').end(deflateSync('packed')),
  '/br': (_, response) => response.setHeader('Content-Encoding', 'br').end(brotliCompressSync('packed')),
  '/twice': (_, response) =>
    response.setHeader('Content-Encoding', 'gzip, br').end(brotliCompressSync(gzipSync('packed'))),
  '/odd': (_, response) => response.setHeader('Content-Encoding', 'lzma').end('packed'),
  '/broken-gzip': (_, response) => response.setHeader('Content-Encoding', 'gzip').end('packed'),
  '/large': (_, response) => response.end(Buffer.alloc(2 * 1024 * 1024, 'x')),
  '/bomb': (_, response) => response.setHeader('Content-Encoding', 'gzip').end(bomb()),
  '/empty': (_, response) => response.writeHead(204).end(),
  '/echo': (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
    });
  },
  '/slow': () => {},
  '/half': (_, response) => {
    response.setHeader('Content-Length', '100');
    response.write('only this');
    setTimeout(() => response.destroy(), 20);
  },
  '/loop': (_, response) => response.writeHead(302, { Location: '/loop' }).end(),
  '/mail': (_, response) => response.writeHead(302, { Location: 'mailto:a@b.example' }).end(),
  '/moved': (_, response) => response.writeHead(301, { Location: 'json' }).end(),
};

function bomb(): Buffer {
  return gzipSync(Buffer.alloc(101 * 1024 * 1024));
}

async function startPages(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const [, code, to] = /^\/to\/(\d+)\/(.*)/.exec(request.url ?? '') ?? [];
    if (code !== undefined) response.writeHead(Number(code), { Location: decodeURIComponent(to ?? '') }).end();
    else (pages[request.url ?? ''] ?? ((_, other) => other.writeHead(404).end()))(request, response);
  });
  const port = await start(t, server);
  t.teardown(() => server.closeAllConnections());
  return `http://127.0.0.1:${port}`;
}

t.test('status, headers, body', async (t) => {
  const base = await startPages(t);
  t.match(readings(await look(`${base}/`)), {
    status: 200,
    headers: { 'x-twice': 'a, b', 'set-cookie': 'one=1; Path=/, two=2' },
    body: 'Hello, world',
    json: { noReading: 'absent', reason: 'the body is not JSON' },
    size: 12,
    time: Number,
    location: { noReading: 'absent', reason: 'the answer has no Location' },
    url: `${base}/`,
    'http-version': '1.1',
  });
  t.match(readings(await look(`${base}/json`)), { json: { healthy: true, of: [1, 2] } });
  t.match(readings(await look(`${base}/empty`)), {
    status: 204,
    body: '',
    size: 0,
    json: { reason: 'the body is empty' },
  });
  t.match(readings(await look(`${base}/nothing`)), { status: 404 });
  t.match(readings(await look(`${base}/latin1`)), { body: 'grüße' });
});

t.test('compressed bodies', async (t) => {
  const base = await startPages(t);
  for (const path of ['/gzip', '/deflate', '/br', '/twice']) {
    t.match(readings(await look(base + path)), { body: 'packed', size: 6 }, path);
  }
  const reason = 'its content-encoding cannot be read: lzma';
  t.match(readings(await look(`${base}/odd`)), { status: 200, body: { noReading: 'unknown', reason } });
  t.match(readings(await look(`${base}/broken-gzip`)), {
    status: 200,
    body: { noReading: 'unknown', reason: 'the body broke off after 0 bytes: incorrect header check' },
  });
});

t.test('large bodies are bounded', async (t) => {
  const base = await startPages(t);
  const tooLong = { noReading: 'unknown', reason: 'the body is longer than 1 MiB: assert its `size` or its headers' };
  t.match(readings(await look(`${base}/large`)), { status: 200, body: tooLong, json: tooLong, size: 2 * 1024 * 1024 });
  t.match(readings(await look(`${base}/large`, {}, undefined, ['body'])), {
    status: 200,
    body: tooLong,
    size: tooLong,
  });
  t.match(readings(await look(`${base}/bomb`)), {
    status: 200,
    size: { noReading: 'unknown', reason: 'the body is longer than 100 MiB' },
  });
  // Nothing is read of a body that nobody asks for.
  const answer = readings(await look(`${base}/half`, {}, undefined, ['status']));
  t.match(answer, { status: 200 });
  t.notOk(answer && 'body' in answer);
});

t.test('what is sent', async (t) => {
  const base = await startPages(t);
  const answer = readings(
    await look(`${base}/echo`, {
      method: 'put',
      'request-headers': { 'X-Answer': 42, Host: 'other.example' },
      'request-body': 'grüße',
      username: 'alice',
      password: 'wonder:land',
    }),
  );
  t.match(answer, {
    json: {
      method: 'PUT',
      url: '/echo',
      body: 'grüße',
      headers: {
        'user-agent': 'nixspec',
        'x-answer': '42',
        host: 'other.example',
        authorization: `Basic ${Buffer.from('alice:wonder:land').toString('base64')}`,
      },
    },
  });
  t.match(readings(await look(`${base}/echo`)), { json: { method: 'GET', headers: { authorization: undefined } } });
  t.match(await look(`${base}/`, { 'request-headers': { 'a b': 'x' } }), { status: 'unknown', reason: /invalid/ });
});

t.test('redirects', async (t) => {
  const base = await startPages(t);
  const other = await startPages(t);
  const follow = { 'follow-redirects': true };
  t.match(readings(await look(`${base}/moved`)), { status: 301, location: 'json', url: `${base}/moved` });
  t.match(readings(await look(`${base}/moved`, follow)), { status: 200, url: `${base}/json`, json: { healthy: true } });
  t.match(readings(await look(`${base}/mail`, follow)), { status: 302, location: 'mailto:a@b.example' });
  t.same(await look(`${base}/loop`, follow), {
    status: 'absent',
    reason: `more than 10 redirects, the last one to ${base}/loop`,
  });
  const secret = {
    ...follow,
    username: 'alice',
    password: 'x',
    method: 'POST',
    'request-body': 'data',
    'request-headers': { cookie: 'a=b' },
  };
  const to = (code: number, where: string) => `${base}/to/${code}/${encodeURIComponent(`${where}/echo`)}`;
  t.match(readings(await look(to(307, base), secret)), {
    json: { method: 'POST', body: 'data', headers: { authorization: /^Basic /, cookie: 'a=b' } },
  });
  t.match(readings(await look(to(307, other), secret)), {
    url: `${other}/echo`,
    json: { method: 'POST', body: 'data', headers: { authorization: undefined, cookie: undefined } },
  });
  for (const code of [301, 302, 303]) {
    t.match(readings(await look(to(code, base), secret)), { json: { method: 'GET', body: '' } }, `${code}`);
  }
});

t.test('connect-to takes the place of DNS, also of the host after a redirect', async (t) => {
  const base = await startPages(t);
  const port = new URL(base).port;
  const asked: string[] = [];
  const network: Network = {
    ...runnerNetwork(),
    connect: (host, to, signal) => {
      asked.push(`${host}:${to}`);
      return runnerNetwork().connect('127.0.0.1', Number(port), signal);
    },
  };
  const to = (where: string) => `http://site.example/to/302/${encodeURIComponent(where)}`;
  const params = { 'connect-to': '192.0.2.1:8080', 'follow-redirects': true };
  await look(to('/json'), params, network);
  await look(to('http://site.example:81/json'), params, network);
  await look(to('http://other.example/json'), params, network);
  t.same(asked, [
    '192.0.2.1:8080',
    '192.0.2.1:8080',
    '192.0.2.1:8080',
    '192.0.2.1:81',
    '192.0.2.1:8080',
    'other.example:80',
  ]);
  t.match(await look('http://site.example/echo', { 'connect-to': `127.0.0.1:${port}` }), {
    readings: { json: { headers: { host: 'site.example' } } },
  });
  t.same(await look('http://site.example/', { 'connect-to': 'http://x' }), {
    status: 'unknown',
    reason: 'connect-to is not host:port: http://x',
  });
});

t.test('where a public name leads from the target', async (t) => {
  const asked: string[] = [];
  const network = (standsIn: boolean, answers: Record<string, Error>): Network => ({
    from: 'target',
    standsIn,
    connect: (host) => {
      asked.push(host);
      return Promise.reject(answers[host] ?? new Unreachable('refused', `refused: ${host}`));
    },
  });
  const reach = async (url: string, one: Network) => [await look(url, {}, one), asked.splice(0)];
  t.same(await reach('http://site.example/', network(true, {})), [
    { status: 'absent', reason: 'connection refused: site.example:80 on the target itself (127.0.0.1, ::1)' },
    ['127.0.0.1', '::1'],
  ]);
  const unknownName = { 'site.example': new Unreachable('name-not-found', 'no such name') };
  t.same((await reach('http://site.example/', network(false, unknownName)))[1], ['site.example', '127.0.0.1', '::1']);
  t.same((await reach('http://site.example/', network(false, {})))[1], ['site.example']);
  t.same((await reach('http://[fd00::1]:8080/', network(true, {})))[1], ['fd00::1']);
  t.same((await reach('http://localhost/', network(true, {})))[1], ['localhost']);
  const forbidden = { '127.0.0.1': new Unreachable('forbidden', 'no forwarding') };
  t.same(await reach('http://site.example/', network(true, forbidden)), [
    { status: 'unknown', reason: 'no forwarding; allow it there (AllowTcpForwarding yes) or give `from: runner`' },
    ['127.0.0.1'],
  ]);
  t.match(await look('http://site.example/', {}, { ...network(true, {}), from: 'runner' }), {
    status: 'unknown',
    reason: /^site\.example seen from the runner is another machine than the VM/,
  });
});

t.test('servers that misbehave', async (t) => {
  const at = async (port: Promise<number>, path = '/') => look(`http://127.0.0.1:${await port}${path}`);
  const faults: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['not HTTP', 'SSH-2.0-OpenSSH\r\n', /^the answer is no HTTP: .*Expected HTTP/],
    [
      'endless headers',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      /^the answer is no HTTP: Headers Overflow/,
    ],
    ['nothing', '', /^the connection was closed without an answer \(other side closed\)$/],
    ['half a header', 'HTTP/1.1 200 OK\r\nX-', /^the connection was closed without an answer/],
  ];
  for (const [what, bytes, reason] of faults) {
    t.match(await at(rawServer(t, bytes)), { status: 'absent', reason }, what);
  }
  t.match(await at(rawServer(t, 'SSH-2.0-OpenSSH\r\n', false)), { status: 'absent' }, 'speaks first');
  const base = await startPages(t);
  const query = { ...ask(http, `${base}/slow`, all), timeout: 0.2 };
  t.same(await talk(http, query), { status: 'absent', reason: 'no answer within 0.2 s' });
  t.match(readings(await look(`${base}/half`)), {
    status: 200,
    body: { noReading: 'unknown', reason: /^the body broke off after 9 bytes: / },
  });
});

t.test('a server that speaks or hangs up before it is asked', async (t) => {
  const slow: Network = {
    ...runnerNetwork(),
    connect: async (...where) => {
      const stream = await runnerNetwork().connect(...where);
      // By now its words, and perhaps the end of them, are here before the request.
      await sleep(50);
      return stream;
    },
  };
  const server = createTcpServer((socket) => void socket.on('error', () => {}).write('SSH-2.0-OpenSSH\r\n'));
  const waiting = await start(t, server);
  for (const port of [waiting, await rawServer(t, 'SSH-2.0-OpenSSH\r\n', false), await rawServer(t, '', false)]) {
    const query = { ...ask(http, `http://127.0.0.1:${port}/`, all), timeout: 2 };
    t.match(await talk(http, query, slow), {
      status: 'absent',
      reason: /^the connection was closed without an answer/,
    });
  }
});

t.test('a stream that ends: the far end, or the way there', async (t) => {
  const port = await rawServer(t, '');
  const open = (signal: AbortSignal) => runnerNetwork().connect('127.0.0.1', port, signal);
  const alive: Network = { from: 'target', standsIn: false, connect: (_, __, signal) => open(signal) };
  t.match(await look('http://127.0.0.1/', {}, alive), { status: 'absent' });
  let count = 0;
  const lost: Network = {
    ...alive,
    connect: (_, __, signal) => (count++ === 0 ? open(signal) : Promise.reject(new Error('not connected'))),
  };
  t.same(await look('http://127.0.0.1/', {}, lost), {
    status: 'unknown',
    reason: 'the connection to the target was lost',
  });
});

t.test('HTTPS', { skip: noOpenssl }, async (t) => {
  const maker = new CertificateMaker();
  t.teardown(() => maker.remove());
  const root = maker.selfSigned('/O=Test, Inc./CN=Test Root');
  const good = maker.signed(root, '/', 'DNS:site.example,IP:127.0.0.1');
  const ended = maker.signed(root, '/', 'DNS:site.example', -1);
  const two = createSecureServer({ ...good, allowHTTP1: true }, (request, response) => {
    response.setHeader('x-host', String(request.headers[':authority'] ?? request.headers.host));
    response.end(request.httpVersion);
  });
  const one = createTlsServer(good, (request, response) => response.end(request.httpVersion));
  const late = createTlsServer(ended, (_, response) => response.end('ended'));
  const [h2, h1, old] = [await start(t, two), await start(t, one), await start(t, late)];
  const via = (port: number) => ({ 'connect-to': `127.0.0.1:${port}` });
  t.match(readings(await look('https://site.example/', { ...via(h2), ca: root.cert })), {
    status: 200,
    body: '2.0',
    'http-version': '2',
    headers: { 'x-host': 'site.example' },
  });
  t.match(readings(await look('https://site.example/', { ...via(h1), ca: root.cert })), {
    body: '1.1',
    'http-version': '1.1',
  });
  t.match(readings(await look(`https://127.0.0.1:${h1}/`, { ca: root.cert })), { body: '1.1' });
  const distrusted = (name: string, why: string) => ({
    status: 'absent',
    reason: `the certificate of ${name} is not to be trusted: ${why}`,
  });
  t.same(await look('https://site.example/', via(h2)), distrusted('site.example', 'unknown issuer'));
  t.same(
    await look('https://other.example/', { ...via(h2), ca: root.cert }),
    distrusted('other.example', 'wrong name'),
  );
  t.same(await look('https://site.example/', { ...via(old), ca: root.cert }), distrusted('site.example', 'expired'));
  t.match(readings(await look('https://site.example/', { ...via(old), insecure: true })), { body: 'ended' });
  t.match(await look('https://site.example/', { ...via(h2), ca: maker.path('missing') }), {
    status: 'unknown',
    reason: /^the authority \(`ca`\) cannot be read: ENOENT/,
  });
  const plain = await startPages(t);
  t.match(await look(plain.replace('http:', 'https:')), { status: 'absent', reason: /^there is no TLS there \(/ });
});

t.test('nothing is left open', async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.end('x'));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await start(t, server);
  await look(`http://127.0.0.1:${port}/`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(sockets.size, 0);
});

t.test('URLs, ends, and what is loaded when', async (t) => {
  const valid = ['http://a/', 'https://a.example:8443/x?y#z', 'http://[::1]:80', 'HTTPS://a?b'];
  const invalid = ['a.example', 'ftp://a/', 'https://user:pw@a/', 'http://a /', 'http:///x'];
  for (const url of valid) t.match(url, http.subject.pattern, url);
  for (const url of invalid) t.notMatch(url, http.subject.pattern, url);
  const [probe] = networkProbes(http, [{ ...ask(http, 'http://a/', all, { from: 'target' }), timeout: 3 }]);
  t.match(probe, { from: 'target', limit: 8 });
});

const lab = await startLab();

t.test('the lab', { skip: 'skip' in lab ? lab.skip : false }, async (t) => {
  if ('skip' in lab) return;
  for (const name of ['staging', 'production'] as const) {
    const { host, ca } = lab.machines[name];
    const transport = await openTransport(
      { name, ssh: { host: name, config: lab.sshConfig }, from: 'target' },
      { notice: () => {}, signal: new AbortController().signal },
    );
    t.teardown(() => transport.close());
    const ways: readonly (readonly [string, Network, Record<string, Value>])[] = [
      ['runner', runnerNetwork(), { 'connect-to': host }],
      ['target', targetNetwork(transport, false), {}],
      ['stand-in', targetNetwork(transport, true), {}],
    ];
    for (const [way, network, params] of ways) {
      const ask = (path: string, more = {}) => look(`https://git.lab.test${path}`, { ca, ...params, ...more }, network);
      const what = `${name} from ${way}`;
      t.match(await ask('/'), { readings: { status: 200, body: /Forgejo/, 'http-version': '2' } }, what);
      t.match(await ask('/api/v1/version'), { readings: { json: { version: /^9\.0\./ } } }, what);
      t.match(
        await ask('/redirect', { 'follow-redirects': true }),
        { readings: { url: 'https://git.lab.test/text' } },
        what,
      );
      const gzip = { 'request-headers': { 'accept-encoding': 'gzip' } };
      t.match(
        await ask('/compressed', gzip),
        { readings: { body: /Forgejo/, headers: { 'content-encoding': 'gzip' } } },
        what,
      );
      t.match(await ask('/private/'), { readings: { status: 401 } }, what);
      const { username, password } = lab.basicAuth;
      t.match(await ask('/private/', { username, password }), { readings: { status: 200 } }, what);
      t.match(await ask('/large'), { readings: { status: 200, size: 3_000_000 } }, what);
      const www = await look('https://www.lab.test/', { ca, ...params }, network);
      t.match(www, { readings: { status: 200, 'http-version': '1.1' } }, what);
      t.match(
        await look('https://git.lab.test/', params, network),
        { status: 'absent', reason: /unknown issuer$/ },
        what,
      );
    }
  }
});

t.test('a connection that ends with an error of undici itself does not spin', async (t) => {
  let connected = 0;
  const connect = async () => {
    connected += 1;
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    stream._write = () => stream.destroy(Object.assign(new Error('reset'), { code: 'UND_ERR_INFO' }));
    return stream;
  };
  const network: Network = { from: 'target', standsIn: false, connect };
  const found = await look('http://a.test/', {}, network, ['status']);
  t.match(found, { status: 'absent', reason: 'the connection was closed without an answer (reset)' });
  t.equal(connected, 2, 'once to ask, and once to see whether the way there is still open');
});
