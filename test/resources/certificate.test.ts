import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import type { Entry, Expectation, Network, Observation, Value } from '../../src/model.js';
import { runnerNetwork, targetNetwork } from '../../src/network.js';
import { planRun } from '../../src/plan.js';
import certificate from '../../src/resources/certificate.js';
import { openTransport } from '../../src/transport.js';
import { startLab } from '../lab/lab.js';
import { CertificateMaker, noOpenssl, type Pair } from '../make-certificates.js';
import { networkProbes, talk } from '../run-conversation.js';
import { ask, observe, shellProbes, shells } from '../run-script.js';

const all = Object.keys(certificate.properties);
const look = (subject: string, params: Record<string, Value> = {}, network?: Network, wanted = all) =>
  talk(certificate, ask(certificate, subject, wanted, params), network);

const skip = { skip: noOpenssl };
const maker = new CertificateMaker();
t.teardown(() => maker.remove());
const day = 86_400;

function readings(observation: Observation | undefined) {
  return observation?.status === 'known' ? observation.readings : observation;
}

async function start(t: Test, server: import('node:net').Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve(t: Test, pair: Pair, options = {}): Promise<string> {
  const server = createTlsServer({ ...pair, ...options }, (socket) => socket.on('error', () => {}));
  return start(
    t,
    server.on('tlsClientError', () => {}),
  );
}

t.test('everything that is known of a certificate', skip, async (t) => {
  const root = maker.selfSigned("/C=US/O=Let's Test, Inc./CN=Test Root");
  const middle = maker.signed(root, '/O=Middle/CN=Middle \\+ 1', 'DNS:unused', 10, [
    'basicConstraints=critical,CA:true',
  ]);
  const leaf = maker.signed(middle, '/CN=Leaf', 'DNS:Site.example,DNS:*.wild.example,IP:127.0.0.1,IP:fd00::10');
  const at = await serve(t, { ...leaf, cert: leaf.cert + middle.cert }, { ALPNProtocols: ['h2'] });
  const params = { 'connect-to': at, ca: root.cert };
  const now = Date.now() / 1000;
  const covers = [
    'site.example',
    'a.wild.example',
    '*.wild.example',
    'a.b.wild.example',
    'fd00::10',
    'Leaf',
    'not a name',
  ];
  const found = readings(await look('site.example', { ...params, covers }));
  t.match(found, {
    issuer: 'Middle',
    'issuer-organization': 'Middle',
    'issuer-common-name': 'Middle + 1',
    'issuer-chain': ['Middle + 1', 'Test Root'],
    subject: 'CN=Leaf',
    names: ['site.example', '*.wild.example', '127.0.0.1', 'fd00::10'],
    covers: ['site.example', 'a.wild.example', '*.wild.example', 'fd00::10'],
    lifetime: 90 * day,
    trusted: true,
    'trust-error': '',
    'self-signed': false,
    fingerprint: /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/,
    serial: /^[0-9A-F]+$/,
    'key-type': 'ec-p256',
    'signature-algorithm': 'ecdsa-with-SHA256',
    purposes: { noReading: 'absent', reason: 'it is not limited to purposes' },
    'tls-version': 'TLSv1.3',
    'tls-versions': ['TLSv1.2', 'TLSv1.3'],
    cipher: /^TLS_AES_/,
    alpn: 'h2',
  });
  if (!found || 'status' in found) return;
  const near = (name: string, seconds: number) =>
    t.ok(Math.abs(Number(found[name]) - seconds) < 60, `${name} ${found[name]}`);
  near('not-before', now);
  near('not-after', now + 90 * day);
  near('remaining', 90 * day);
  near('chain-remaining', 10 * day);
  t.ok(Number(found['remaining-share']) > 0.999 && Number(found['remaining-share']) <= 1);
  t.same(Object.keys(found).sort(), [...all].sort());
});

t.test('certificates that are not to be trusted', skip, async (t) => {
  const root = maker.selfSigned('/CN=Test Root');
  const ended = maker.signed(root, '/', 'DNS:site.example', -1);
  const own = maker.selfSigned('/CN=site.example');
  const good = maker.signed(root, '/', 'DNS:site.example');
  const at = async (pair: Pair) => ({ 'connect-to': await serve(t, pair) });
  const cases: readonly (readonly [string, Record<string, Value>, Record<string, Value>])[] = [
    ['expired', { ...(await at(ended)), ca: root.cert }, { remaining: Number, 'remaining-share': 0 } as never],
    ['self-signed', await at(own), { 'self-signed': true, 'issuer-common-name': 'site.example' }],
    [
      'unknown issuer',
      await at(good),
      { issuer: 'Test Root', alpn: { noReading: 'absent', reason: 'the server agreed to none' } },
    ],
    ['wrong name', { ...(await at(good)), ca: root.cert, 'server-name': 'other.example' }, { covers: [] }],
  ];
  for (const [why, params, more] of cases) {
    const found = readings(await look('site.example', params));
    t.match(found, { trusted: false, 'trust-error': why, ...more }, why);
  }
  const expired = readings(await look('site.example', { ...(await at(ended)), ca: root.cert }));
  t.ok(expired && !('status' in expired) && Number(expired.remaining) < 0);
  t.match(expired, {
    issuer: 'Test Root',
    'issuer-organization': { noReading: 'absent', reason: 'its issuer has no organization' },
  });
});

t.test('kinds of keys', skip, async (t) => {
  const kinds: readonly (readonly [readonly string[], string, string])[] = [
    [['-newkey', 'rsa:2048'], 'rsa-2048', 'sha256WithRSAEncryption'],
    [['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384'], 'ec-p384', 'ecdsa-with-SHA384'],
    [['-newkey', 'ed25519'], 'ed25519', 'ED25519'],
  ];
  for (const [words, key, algorithm] of kinds) {
    const at = await serve(t, maker.selfSigned('/CN=x', 5, words));
    t.match(readings(await look(at)), { 'key-type': key, 'signature-algorithm': algorithm, 'self-signed': true }, key);
  }
});

t.test('the server name decides which certificate is shown', skip, async (t) => {
  const pairs = new Map(['a.example', 'b.example'].map((name) => [name, maker.selfSigned(`/CN=${name}`)]));
  const server = createTlsServer({
    SNICallback: (name, done) => done(null, createSecureContext(pairs.get(name) ?? pairs.get('a.example'))),
  });
  const at = await start(
    t,
    server.on('tlsClientError', () => {}),
  );
  t.match(readings(await look('b.example', { 'connect-to': at })), { subject: 'CN=b.example' });
  t.match(readings(await look(at, { 'server-name': 'b.example' })), { subject: 'CN=b.example' });
});

type Turn = (said: string) => string | Buffer | undefined;

/** A server that talks line by line, and begins with TLS once a turn gives nothing. */
function talkative(t: Test, pair: Pair, greeting: string | Buffer, turn: Turn): Promise<string> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
    socket.on('data', function answer(chunk: Buffer) {
      const words = turn(chunk.toString('latin1'));
      if (words !== undefined) socket.write(words);
      if (words !== undefined && !upgrades.has(String(words))) return;
      socket.off('data', answer);
      new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(pair) }).on('error', () => {});
    });
  });
  return start(t, server);
}

const ldapYes = Buffer.from('300c02010178070a010004000400', 'hex');
const ldapNo = Buffer.from('300c02010178070a010204000400', 'hex');
const upgrades = new Set([
  '220 go\r\n',
  '* hm\r\na1 OK go\r\n',
  '+OK go\r\n',
  'S',
  String(ldapYes),
  '<proceed xmlns="x"/>',
]);

t.test('STARTTLS', skip, async (t) => {
  const pair = maker.selfSigned('/CN=mail.example');
  const answers: Record<string, readonly [string, (yes: boolean) => Turn]> = {
    smtp: [
      '220-hello\r\n220 there\r\n',
      (yes) => (said) => (said.startsWith('EHLO ') ? '250-x\r\n250 STARTTLS\r\n' : yes ? '220 go\r\n' : '502 no\r\n'),
    ],
    imap: ['* OK hello\r\n', (yes) => () => (yes ? '* hm\r\na1 OK go\r\n' : 'a1 BAD what\r\n')],
    pop3: ['+OK hello\r\n', (yes) => () => (yes ? '+OK go\r\n' : '-ERR no\r\n')],
    postgres: ['', (yes) => () => (yes ? 'S' : 'N')],
    ldap: ['', (yes) => () => (yes ? ldapYes : ldapNo)],
    xmpp: [
      '',
      (yes) => (said) => {
        if (said.includes('<starttls')) return '<proceed xmlns="x"/>';
        return `<stream:stream><stream:features>${yes ? '<starttls xmlns="x"/>' : ''}</stream:features>`;
      },
    ],
  };
  for (const [protocol, [greeting, turn]] of Object.entries(answers)) {
    const at = await talkative(t, pair, greeting, turn(true));
    const params = { 'connect-to': at, starttls: protocol };
    t.match(readings(await look('mail.example', params)), { subject: 'CN=mail.example' }, protocol);
    const refuses = await talkative(t, pair, greeting, turn(false));
    t.match(
      await look('mail.example', { ...params, 'connect-to': refuses }),
      { status: 'absent', reason: /^the server does not (offer|take) / },
      `${protocol} refused`,
    );
  }
  const ports = { smtp: 25, imap: 143, pop3: 110, postgres: 5432, ldap: 389, xmpp: 5222 };
  for (const [starttls, port] of Object.entries(ports)) {
    const asked: number[] = [];
    const network: Network = {
      ...runnerNetwork(),
      connect: (_, to) => {
        asked.push(to);
        return Promise.reject(new Error('enough'));
      },
    };
    await look('mail.example', { starttls }, network);
    t.same(asked, [port], starttls);
  }
});

t.test('servers that misbehave', skip, async (t) => {
  const pair = maker.selfSigned('/CN=x');
  const raw = (bytes: string) =>
    start(
      t,
      createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(bytes))),
    );
  t.match(await look(await raw('HTTP/1.1 400 Bad Request\r\n\r\n')), {
    status: 'absent',
    reason: /^there is no TLS there \(/,
  });
  t.match(await look(await raw('')), { status: 'absent', reason: /^the connection was closed without an answer/ });
  const old = await serve(t, pair, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-SHA' });
  t.match(await look(old), { status: 'absent', reason: /^the TLS handshake failed: / });
  const flood = await talkative(t, pair, 'x'.repeat(100_000), () => '');
  t.match(await look('a', { 'connect-to': flood, starttls: 'smtp' }), {
    status: 'absent',
    reason: 'the server does not stop talking',
  });
  const injected = await talkative(t, pair, '220 hi\r\n', (said) =>
    said.startsWith('EHLO') ? '250 ok\r\n' : '220 go\r\n250 more\r\n',
  );
  t.match(await look('a', { 'connect-to': injected, starttls: 'smtp' }), {
    status: 'absent',
    reason: 'the server said something between STARTTLS and TLS',
  });
  const silent = await start(
    t,
    createServer((socket) => socket.on('error', () => {})),
  );
  for (const params of [{}, { starttls: 'smtp' }] as Record<string, Value>[]) {
    const query = { ...ask(certificate, silent, all, params), timeout: 0.2 };
    t.same(await talk(certificate, query), { status: 'absent', reason: 'no answer within 0.2 s' });
  }
});

t.test('files on the target', skip, async (t) => {
  const root = maker.selfSigned('/CN=Test Root');
  const leaf = maker.signed(root, '/CN=Leaf', 'DNS:a.example');
  const folder = t.testdir({});
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const paths = {
    good: write("full chain's.pem", `a comment\n${leaf.cert}${root.cert}`),
    key: write('key.pem', leaf.key),
    empty: write('empty.pem', ''),
    broken: write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    missing: join(folder, 'missing.pem'),
    folder,
  };
  const queries = Object.values(paths).map((path) =>
    ask(certificate, path, all, { covers: ['a.example', 'b.example'] }),
  );
  for (const shell of shells) {
    const found = observe(certificate, queries.slice(0, 3).concat(queries.slice(4)), shell);
    const of = (path: string) => found.get(queries.find(({ subject }) => subject === path)?.id ?? '');
    t.match(readings(of(paths.good)), {
      subject: 'CN=Leaf',
      covers: ['a.example'],
      'issuer-chain': ['Test Root'],
      trusted: { noReading: 'unknown', reason: 'the chain in a file is not verified: ask the server that shows it' },
      cipher: { noReading: 'absent', reason: 'only a connection has it, and this is a file' },
    });
    for (const path of [paths.key, paths.empty]) {
      t.same(of(path), { status: 'absent', reason: 'the file holds no certificate in PEM form' });
    }
    t.match(of(paths.missing), { status: 'absent' });
    t.same(of(paths.folder), { status: 'absent', reason: 'it is a directory, not a file' });
  }
  const broken = ask(certificate, paths.broken, all);
  t.match(observe(certificate, [broken]).get(broken.id), {
    status: 'unknown',
    reason: /^it cannot be read as a certificate/,
  });
  t.equal(shellProbes(certificate, queries).length, 1);
});

const needRoot = process.getuid?.() === 0 ? false : 'needs root to become another user';

t.test('files that may not be read', { skip: noOpenssl || needRoot }, async (t) => {
  const folder = t.testdir({ 'cert.pem': maker.selfSigned('/CN=x').cert, hidden: { 'cert.pem': '' } });
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'cert.pem'), 0o600);
  chmodSync(join(folder, 'hidden'), 0o700);
  const queries = ['cert.pem', 'hidden/cert.pem'].map((name) => ask(certificate, join(folder, name), all));
  const found = observe(certificate, queries, ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh']);
  for (const { id } of queries) t.match(found.get(id), { status: 'unknown' }, `${id} ${JSON.stringify(found.get(id))}`);
});

t.test('subjects, ends and limits', async (t) => {
  const valid = ['a', 'a.example:443', '[::1]:8443', '[::1]', '::1', '/var/lib/acme/a/cert.pem', '192.0.2.1'];
  const invalid = ['https://a/', 'a:b', 'x:1:', 'a b', '[::1', ''];
  for (const subject of valid) t.match(subject, certificate.subject.pattern, subject);
  for (const subject of invalid) t.notMatch(subject, certificate.subject.pattern, subject);
  const [probe] = networkProbes(certificate, [{ ...ask(certificate, 'a', all, { from: 'runner' }), timeout: 3 }]);
  t.match(probe, { from: 'runner', limit: 8 });
});

t.test('the names that are expected of `covers` are part of the question', async (t) => {
  const position = { file: 'a.yaml', line: 1, column: 1 };
  const expect = (path: string, expectation: Expectation) => ({
    ...{ path: [path], expectation, expected: null, perTarget: false, position },
  });
  const entry: Entry = {
    ...{ resource: 'certificate', subject: 'a', params: { starttls: 'smtp' }, position },
    options: { tags: [], severity: 'error', within: 0, every: 1 },
    expectations: [
      expect('covers', { matcher: 'consist-of', argument: [{ matcher: 'equal', argument: 'b.example' }, 'a.example'] }),
      expect('covers', { matcher: 'not', argument: { matcher: 'contain-element', argument: 'c.example' } }),
      expect('issuer', { matcher: 'equal', argument: 'X' }),
    ],
  };
  const { queries } = planRun([entry], new Map([['certificate', certificate]]));
  t.match(queries, [{ params: { starttls: 'smtp', covers: ['a.example', 'b.example', 'c.example'] } }]);
  t.equal(queries.length, 1);
});

const lab = await startLab();

t.test('the lab', { skip: 'skip' in lab ? lab.skip : false }, async (t) => {
  if ('skip' in lab) return;
  // The one for another name is by minica on both, which only staging's authority is.
  for (const [name, issuer, wrong] of [
    ['staging', /^minica root ca /, 'wrong name'],
    ['production', /^Pebble Intermediate CA /, 'unknown issuer'],
  ] as const) {
    const { host, ca } = lab.machines[name];
    const transport = await openTransport(
      { name, ssh: { host: name, config: lab.sshConfig }, from: 'target' },
      { notice: () => {}, signal: new AbortController().signal },
    );
    t.teardown(() => transport.close());
    const ways: readonly (readonly [string, Network, Record<string, Value>])[] = [
      ['runner', runnerNetwork(), { 'connect-to': host }],
      ['target', targetNetwork(transport, true), {}],
    ];
    for (const [way, network, params] of ways) {
      const see = async (subject: string, more = {}) =>
        readings(await look(subject, { ca, ...params, ...more }, network));
      const what = `${name} from ${way}`;
      const covers = ['git.lab.test', 'www.lab.test'];
      const git = await see('git.lab.test', { covers });
      t.match(
        git,
        { trusted: true, 'issuer-common-name': issuer, covers: ['git.lab.test'], 'key-type': 'ec-p256', alpn: 'h2' },
        what,
      );
      t.match(await see('www.lab.test'), { trusted: true, 'key-type': /^rsa-/, alpn: 'http/1.1' }, what);
      t.match(await see('expired.lab.test'), { trusted: false, 'trust-error': 'expired' }, what);
      t.match(await see('wrong.lab.test'), { trusted: false, 'trust-error': wrong }, what);
      t.match(await see('other.lab.test'), { trusted: false, 'trust-error': 'self-signed' }, what);
      t.match(
        await see('mail.lab.test', { starttls: 'smtp' }),
        { trusted: true, 'tls-version': /^TLSv1\.[23]$/ },
        what,
      );
    }
    const local = targetNetwork(transport, true);
    t.match(await look('db.lab.test', { ca, starttls: 'postgres' }, local), { status: 'known' }, `${name} postgres`);
  }
});

t.test('what it may be used for', skip, async (t) => {
  const root = maker.selfSigned('/CN=Root');
  for (const [usage, purposes] of [
    ['serverAuth,clientAuth', ['clientAuth', 'serverAuth']],
    ['1.3.6.1.4.1.311.10.3.4', ['1.3.6.1.4.1.311.10.3.4']],
  ] as const) {
    const leaf = maker.signed(root, '/CN=Leaf', 'DNS:site.example', 90, [`extendedKeyUsage=${usage}`]);
    const at = await serve(t, leaf);
    t.match(readings(await look('site.example', { 'connect-to': at }, undefined, ['purposes'])), { purposes });
  }
});
