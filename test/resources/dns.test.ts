import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { decode, encode, type Packet, streamDecode, streamEncode } from 'dns-packet';
import t, { type Test } from 'tap';
import type { Network, Observation, Value } from '../../src/model.js';
import { runnerNetwork, targetNetwork } from '../../src/network.js';
import dns from '../../src/resources/dns.js';
import { openTransport } from '../../src/transport.js';
import { startLab } from '../lab/lab.js';
import { CertificateMaker, noOpenssl } from '../make-certificates.js';
import { networkProbes, talk } from '../run-conversation.js';
import { ask, observe, read, shellProbes } from '../run-script.js';

const all = Object.keys(dns.properties);
const look = (name: string, params: Record<string, Value>, network?: Network, timeout = 0.6) =>
  talk(dns, { ...ask(dns, name, all, params), timeout }, network);

function readings(observation: Observation | undefined) {
  return observation?.status === 'known' ? observation.readings : observation;
}

type Answering = (query: Packet, way: 'udp' | 'tcp') => Packet | Buffer | undefined;

const flags = { aa: 0x0400, tc: 0x0200, ad: 0x0020, nxdomain: 3, servfail: 2, refused: 5 };
const address = (name: string, data = '192.0.2.1', ttl = 60) => ({ type: 'A' as const, name, ttl, data });

function reply(query: Packet, more: Partial<Packet>): Packet {
  return { type: 'response', id: query.id ?? 0, questions: query.questions ?? [], ...more };
}

/** A name server on UDP and TCP of one port. */
async function serve(t: Test, answer: Answering): Promise<string> {
  const toBytes = (packet: Packet | Buffer) => (Buffer.isBuffer(packet) ? packet : encode(packet));
  const tcp = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => {
      const packet = answer(streamDecode(bytes), 'tcp');
      if (!packet) return socket.end();
      const framed = Buffer.isBuffer(packet) ? packet : streamEncode(packet);
      // In two pieces, as a network may.
      socket.write(framed.subarray(0, 1));
      setTimeout(() => socket.end(framed.subarray(1)), 5);
    });
  }).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4').bind(port, '127.0.0.1');
  udp.on('message', (bytes, from) => {
    const packet = answer(decode(bytes), 'udp');
    if (packet) udp.send(toBytes(packet), from.port, from.address);
  });
  await once(udp, 'listening');
  t.teardown(() => {
    tcp.close();
    udp.close();
  });
  return `127.0.0.1:${port}`;
}

t.test('what is asked, and an answer', async (t) => {
  let asked: Packet | undefined;
  const server = await serve(t, (query) => {
    asked = query;
    const answers = [
      address('A.example', '192.0.2.9', 300),
      address('a.example', '192.0.2.10', 60),
      address('b.example'),
    ];
    return reply(query, { flags: flags.aa | flags.ad, answers });
  });
  t.match(readings(await look('a.example.', { server })), {
    answers: ['192.0.2.10', '192.0.2.9'],
    rcode: 'NOERROR',
    resolvable: true,
    ttl: 60,
    authenticated: true,
    authoritative: true,
    time: Number,
  });
  t.match(asked, {
    questions: [{ name: 'a.example', type: 'A', class: 'IN' }],
    additionals: [{ type: 'OPT', udpPayloadSize: 1232, flag_do: true }],
    flag_rd: true,
    flag_ad: true,
  });
  await look('müller.example', { server, type: 'HTTPS' });
  t.match(asked, { questions: [{ name: 'xn--mller-kva.example', type: 'UNKNOWN_65' }] });
  await look('192.0.2.1', { server, type: 'PTR' });
  t.match(asked, { questions: [{ name: '1.2.0.192.in-addr.arpa', type: 'PTR' }] });
});

t.test('no such name, no such record, and failures', async (t) => {
  const answer = (code: number) => serve(t, (query) => reply(query, { flags: code }));
  t.match(readings(await look('a.example', { server: await answer(flags.nxdomain) })), {
    exists: false,
    resolvable: false,
    rcode: 'NXDOMAIN',
    answers: { noReading: 'absent', reason: 'there is no such name: a.example' },
  });
  const empty = readings(await look('a.example', { server: await answer(0) }));
  t.match(empty, { rcode: 'NOERROR', resolvable: false, answers: [], ttl: { noReading: 'absent' } });
  t.notOk(empty && 'exists' in empty, 'the name exists');
  for (const [code, rcode] of [
    [flags.servfail, 'SERVFAIL'],
    [flags.refused, 'REFUSED'],
  ] as const) {
    const failed = { noReading: 'unknown', reason: `the name server answered ${rcode}` };
    t.match(
      readings(await look('a.example', { server: await answer(code) })),
      { rcode, exists: failed, resolvable: failed, answers: failed, ttl: failed, authenticated: failed },
      rcode,
    );
  }
});

t.test('UDP that is lost or cut, and TCP', async (t) => {
  let count = 0;
  const lossy = await serve(t, (query) =>
    ++count < 3 ? undefined : reply(query, { answers: [address('a.example')] }),
  );
  t.match(readings(await look('a.example', { server: lossy })), { answers: ['192.0.2.1'] }, 'the third datagram');
  t.equal(count, 3);
  const long = await serve(t, (query, way) =>
    way === 'udp' ? reply(query, { flags: flags.tc }) : reply(query, { answers: [address('a.example', '192.0.2.7')] }),
  );
  t.match(readings(await look('a.example', { server: long })), { answers: ['192.0.2.7'] }, 'over TCP');
  t.same(await look('a.example', { server: long, protocol: 'udp' }), {
    status: 'unknown',
    reason: 'the answer does not fit into a datagram',
  });
  const ways: string[] = [];
  const both = await serve(t, (query, way) => {
    ways.push(way);
    return reply(query, {});
  });
  await look('a.example', { server: both, protocol: 'tcp' });
  await look('a.example', { server: both }, { from: 'target', standsIn: false, connect: runnerNetwork().connect });
  t.same(ways, ['tcp', 'tcp'], 'from the target too');
  const { datagram: _, ...noDatagrams } = runnerNetwork();
  t.match(await look('a.example', { server: both, protocol: 'udp' }, noDatagrams), {
    status: 'unknown',
    reason: 'SSH forwards no datagrams: give `from: runner` or `protocol: tcp`',
  });
});

t.test('answers that are none', async (t) => {
  const at = async (answer: Answering, params = {}) => look('a.example', { server: await serve(t, answer), ...params });
  const other = [{ name: 'b.example', type: 'A' as const }];
  const wrong: readonly (readonly [string, Answering])[] = [
    [
      'another id',
      (query) => reply({ ...query, id: ((query.id ?? 0) + 1) % 65_536 }, { answers: [address('a.example')] }),
    ],
    ['another question', (query) => reply({ ...query, questions: other }, { answers: [address('a.example')] })],
    ['a query', (query) => ({ ...reply(query, {}), type: 'query' })],
  ];
  for (const [what, answer] of wrong) {
    t.match(await at(answer), { status: 'unknown', reason: /gave an answer to another question$/ }, what);
  }
  t.match(await at(() => Buffer.from('nonsense')), {
    status: 'unknown',
    reason: /gave an answer that cannot be read$/,
  });
  t.match(await at(() => undefined), { status: 'unknown', reason: /gave no answer within 0.6 s$/ });
  t.match(await at(() => undefined, { protocol: 'tcp' }), {
    status: 'unknown',
    reason: 'the name server closed the connection without an answer',
  });
  t.same(await look('a..example', { server: '127.0.0.1:1' }), {
    status: 'unknown',
    reason: 'a..example is no domain name',
  });
  t.match(await look('a', { server: 'tls://' }), {
    status: 'unknown',
    reason: /^the server is not written as address/,
  });
});

t.test('a server that is not there fails, and proves nothing about the name', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, 'close');
  for (const params of [{}, { protocol: 'tcp' }] as Record<string, Value>[]) {
    const reason = `the name server cannot be reached: connection refused: 127.0.0.1:${port}`;
    t.match(readings(await look('a.example', { server: `127.0.0.1:${port}`, ...params })), {
      exists: { noReading: 'unknown', reason },
      resolvable: { noReading: 'absent', reason },
      rcode: { noReading: 'absent', reason },
    });
  }
});

t.test('over TLS and HTTPS', { skip: noOpenssl }, async (t) => {
  const maker = new CertificateMaker();
  t.teardown(() => maker.remove());
  const root = maker.selfSigned('/CN=Test Root');
  const pair = maker.signed(root, '/', 'DNS:dns.example,IP:127.0.0.1');
  const answerTo = (query: Packet) => reply(query, { answers: [address('a.example')] });
  const tls = createTlsServer({ ...pair, ALPNProtocols: ['dot'] }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => socket.end(streamEncode(answerTo(streamDecode(bytes)))));
  }).listen(0, '127.0.0.1');
  const seen: unknown[] = [];
  const https = createSecureServer(pair, (request, response) => {
    if (request.url !== '/dns-query') return response.writeHead(404).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const query = decode(Buffer.concat(chunks));
      seen.push([request.method, request.headers['content-type'], query.id]);
      response.setHeader('content-type', 'application/dns-message');
      response.end(encode(answerTo(query)));
    });
  }).listen(0, '127.0.0.1');
  await Promise.all([once(tls, 'listening'), once(https, 'listening')]);
  t.teardown(() => {
    tls.close();
    https.close();
  });
  const [dot, doh] = [tls, https].map((server) => (server.address() as AddressInfo).port);
  const good = { answers: ['192.0.2.1'] };
  t.match(readings(await look('a.example', { server: `tls://127.0.0.1:${dot}` })), good, 'not verified');
  const named = `tls://127.0.0.1:${dot}#dns.example`;
  t.match(readings(await look('a.example', { server: named, ca: root.cert })), good, 'verified');
  t.match(await look('a.example', { server: named }), {
    status: 'unknown',
    reason: `the certificate of tls://127.0.0.1:${dot} is not to be trusted: unknown issuer (give \`ca\`)`,
  });
  t.match(readings(await look('a.example', { server: named, insecure: true })), good, 'insecure');
  const url = `https://127.0.0.1:${doh}`;
  t.match(readings(await look('a.example', { server: `${url}/dns-query`, ca: root.cert })), good);
  t.same(seen, [['POST', 'application/dns-message', 0]]);
  t.same(await look('a.example', { server: `${url}/other`, insecure: true }), {
    status: 'unknown',
    reason: 'the name server answered with HTTP status 404',
  });
  t.match(await look('a.example', { server: `${url}/dns-query` }), { status: 'unknown', reason: /unknown issuer/ });
});

t.test("the target's own resolver", async (t) => {
  const params = { server: 'system', from: 'target' };
  const queries = ['one.example', 'none.example'].map((name) => ask(dns, name, all, params));
  t.equal(shellProbes(dns, queries).length, 1);
  t.equal(networkProbes(dns, queries).length, 0);
  const stdout = '0.0.0.0 STREAM 0.0.0.0\n10.0.0.5 STREAM one.example\n0.0.0.1 STREAM 0.0.0.1\n=getent 2\n';
  const found = read(dns, queries, { stdout });
  const untold = { noReading: 'unknown', reason: /^the target was asked by getent/ };
  t.match(found.get(queries[0]?.id ?? ''), {
    status: 'known',
    readings: { answers: ['10.0.0.5'], resolvable: true, rcode: untold, ttl: untold, authenticated: untold },
  });
  // That it does not resolve is no proof that the name is gone.
  t.match(found.get(queries[1]?.id ?? ''), {
    readings: {
      answers: { noReading: 'absent' },
      resolvable: { noReading: 'unknown' },
      exists: { noReading: 'unknown' },
    },
  });
  t.match(
    [...read(dns, queries, { stdout: '=getent 127\n' }).values()],
    [{ status: 'unknown' }, { status: 'unknown' }],
  );
  const here = ask(dns, 'localhost', all, params);
  t.match(observe(dns, [here]).get(here.id), { readings: { answers: ['127.0.0.1'] } });
  // Other types are not what getent knows.
  t.equal(networkProbes(dns, [ask(dns, 'a', all, { ...params, type: 'MX' })]).length, 1);
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
    for (const [way, network, at] of [
      ['runner', runnerNetwork(), host],
      ['target', targetNetwork(transport, true), '127.0.0.1'],
    ] as const) {
      const see = async (subject: string, params: Record<string, Value> = {}) =>
        readings(await look(subject, { server: at, ...params }, network, 5));
      const what = `${name} from ${way}`;
      t.match(await see('git.lab.test'), { answers: [host], authoritative: true, ttl: 300 }, what);
      t.match(await see('lab.test', { type: 'MX' }), { answers: ['10 mail.lab.test', '20 mail2.lab.test'] }, what);
      t.match(await see('lab.test', { type: 'TXT' }), { answers: ['two parts', 'v=spf1 mx -all'] }, what);
      t.match(await see('nothing.lab.test'), { rcode: 'NXDOMAIN', exists: false }, what);
      t.match(await see(lab.dns.refused), { rcode: 'REFUSED' }, what);
      t.match(await see(lab.dns.signed), { authenticated: true, resolvable: true }, what);
      const big = await see(lab.dns.big);
      t.equal(big && 'answers' in big && Array.isArray(big.answers) ? big.answers.length : big, 200, what);
      const tls = `tls://${at}:${lab.dns.tlsPort}`;
      t.match(await see('git.lab.test', { server: tls }), { answers: [host] }, `${what} over TLS`);
      t.match(
        await see('git.lab.test', { server: `${tls}#mail.lab.test`, ca }),
        { answers: [host] },
        `${what} verified`,
      );
      const https = `https://${at}:${lab.dns.httpsPort}${lab.dns.path}`;
      t.match(await see('git.lab.test', { server: https, insecure: true }), { answers: [host] }, `${what} over HTTPS`);
    }
    t.match(
      readings(await look('git.lab.test', {}, targetNetwork(transport, true))),
      { answers: [host] },
      'system on a VM',
    );
  }
});
