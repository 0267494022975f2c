import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Connection } from 'ssh2';
import t from 'tap';
import type { Target } from '../../src/model.js';
import { openTransport, type TransportOptions } from '../../src/transport.js';
import { readAll, runAll, waitFor } from './behaviour.js';
import { letIn, makeKeyPair, startFakeServer } from './fake-server.js';

/** What a real server cannot be made to do; what it can is in ssh-lab.test.ts. */
type Fake = Awaited<ReturnType<typeof startFakeServer>>;
type Ended = { code?: string; message?: string; hint?: string };

const never = new AbortController().signal;

function open(server: Pick<Fake, 'config'>, options: Partial<TransportOptions> = {}, target: Partial<Target> = {}) {
  return openTransport(
    { name: 'production', ssh: { host: 'fake', config: server.config }, from: 'runner', transport: 'ssh2', ...target },
    { notice: () => {}, signal: never, ...options },
  );
}

async function failure(server: Pick<Fake, 'config'>, options: Partial<TransportOptions> = {}): Promise<Ended> {
  const error = (await open(server, options).then(
    (transport) => transport.close().then(() => ({ message: 'it worked' })),
    (error: Ended) => error,
  )) as Ended;
  const { code, message, hint } = error;
  return {
    ...(code && { code }),
    ...(message && { message: message.replace(/:\d{4,5}\b/, ':PORT') }),
    ...(hint && { hint }),
  };
}

const nothing = 'the SSH connection could not be set up';

t.test('what is no SSH server', async (t) => {
  const cases: readonly (readonly [string, (socket: Socket) => void, Ended])[] = [
    [
      'closes at once',
      (socket) => socket.end(),
      { code: 'connection-failed', message: `${nothing}: Connection lost before handshake` },
    ],
    ['resets', (socket) => socket.resetAndDestroy(), { code: 'connection-failed' }],
    ['HTTP', (socket) => socket.end('HTTP/1.0 400 Bad Request\r\n\r\n'), { code: 'connection-failed' }],
    ['SSH 1', (socket) => socket.end('SSH-1.5-old\r\n'), { code: 'connection-failed' }],
    [
      'an endless line',
      (socket) => socket.write('x'.repeat(1 << 20)),
      { code: 'connection-failed', message: `${nothing}: Header line too long` },
    ],
    [
      'endless lines',
      (socket) => socket.write('x\r\n'.repeat(1 << 16)),
      { code: 'connection-failed', message: `${nothing}: Max greeting lines exceeded` },
    ],
    [
      'nonsense behind the greeting',
      (socket) => socket.write(`SSH-2.0-x\r\n${'\xff'.repeat(1 << 16)}`),
      { code: 'connection-failed' },
    ],
    ['says nothing', () => {}, { code: 'connection-timed-out', message: 'no answer within 1 s while setting up SSH' }],
    ['stops after the greeting', (socket) => socket.write('SSH-2.0-x\r\n'), { code: 'connection-timed-out' }],
  ];
  for (const [name, raw, expected] of cases) {
    const server = await startFakeServer({ raw, config: 'ConnectTimeout 1' });
    const found = await failure(server);
    t.equal(found.code, expected.code, `${name}: ${found.message}`);
    if (expected.message) t.equal(found.message, `production (root@127.0.0.1:PORT): ${expected.message}`, name);
    server.close();
  }
});

t.test('nobody there', async (t) => {
  const server = await startFakeServer();
  server.close();
  t.match(await failure(server), {
    code: 'connection-refused',
    message: /^production \(root@127\.0\.0\.1:PORT\): connection refused: /,
    hint: /is sshd running/,
  });
  writeFileSync(server.config, 'Host fake\n  HostName nope.invalid\n  User root\n');
  t.match(await failure(server), { code: 'name-not-found', message: /nope\.invalid/, hint: /check the name/ });
});

t.test('host keys', async (t) => {
  const other = makeKeyPair();
  const server = await startFakeServer();
  t.teardown(() => server.close());
  const place = `[127.0.0.1]:${server.port}`;
  const withKnownHosts = (text: string) => {
    writeFileSync(join(server.folder, 'known_hosts'), text);
    return failure(server);
  };
  t.same(await withKnownHosts(`${place} ${server.hostKey.line}\n`), { message: 'it worked' });
  t.match(await withKnownHosts(''), {
    code: 'host-key-unknown',
    message:
      /^production \(root@127\.0\.0\.1:PORT\): its host key is not known: it showed ssh-ed25519 SHA256:[\w+/]{43}$/,
    hint: `ssh-keyscan -p ${server.port} 127.0.0.1 >> ${server.folder}/known_hosts`,
  });
  t.match(await withKnownHosts(`# first\n${place} ${other.line}\n`), {
    code: 'host-key-changed',
    message: new RegExp(
      `its host key has changed: it showed ssh-ed25519 SHA256:\\S+, but ${server.folder}/known_hosts:2 has SHA256:`,
    ),
    hint: `ssh-keygen -R '${place}' -f ${server.folder}/known_hosts`,
  });
  t.match(await withKnownHosts(`${place} ${server.hostKey.line}\n@revoked * ${server.hostKey.line}\n`), {
    code: 'host-key-changed',
    message: /its host key is revoked by .*known_hosts:2/,
  });
  const lax = await startFakeServer({ known: '', config: 'StrictHostKeyChecking no' });
  t.match(await failure(lax), {
    code: 'host-key-unknown',
    hint: /always verifies host keys, whatever StrictHostKeyChecking says/,
  });
  lax.close();
});

t.test('logging in', async (t) => {
  const refuse = (methods: string[]) => (connection: Connection) => {
    connection.on('authentication', (context) => context.reject(methods as never));
  };
  const cases: readonly (readonly [string[], RegExp, RegExp])[] = [
    [
      ['publickey'],
      /root was not let in; offered ssh-ed25519 SHA256:\S+ \(.*\/id\); the server accepts publickey$/,
      /ssh-add/,
    ],
    [
      ['password', 'keyboard-interactive'],
      /the server accepts password, keyboard-interactive$/,
      /nixspec types no passwords/,
    ],
  ];
  for (const [methods, message, hint] of cases) {
    const server = await startFakeServer({ accept: refuse(methods) });
    t.match(await failure(server), { code: 'authentication-failed', message, hint });
    server.close();
  }
  const partial = await startFakeServer({
    accept: (connection) => connection.on('authentication', (context) => context.reject(['password'], true)),
  });
  t.match(await failure(partial), {
    code: 'authentication-failed',
    message: /the key was accepted, but the server asks for more/,
  });
  partial.close();
  const keyless = await startFakeServer({ accept: refuse(['publickey']) });
  writeFileSync(join(keyless.folder, 'id'), 'nonsense');
  t.match(await failure(keyless), {
    message: /there was no key to offer; .*\/id holds no key; the server accepts publickey$/,
  });
  keyless.close();
  const silent = await startFakeServer({
    accept: (connection) => connection.on('authentication', () => {}),
    config: 'ConnectTimeout 1',
  });
  t.match(await failure(silent), { code: 'connection-timed-out' });
  silent.close();
});

t.test('the connection goes while somebody logs in', async (t) => {
  const server = await startFakeServer({
    accept: (connection) => connection.on('authentication', () => server.sockets[0]?.destroy()),
  });
  t.match(await failure(server), { code: 'connection-failed', message: /could not be set up/ });
  server.close();
});

t.test('an interruption while connecting', async (t) => {
  const server = await startFakeServer({ raw: (socket) => socket.resume() });
  const ending = new AbortController();
  setTimeout(() => ending.abort(), 300);
  t.match(await failure(server, { signal: ending.signal }), { code: 'interrupted' });
  t.match(await failure(server, { signal: AbortSignal.abort() }), { code: 'interrupted' });
  t.ok(await waitFor(() => server.sockets.every((socket) => socket.destroyed || socket.readableEnded), 1_000));
  server.close();
});

/** Runs each program with this. */
function letInAndRun(run: (channel: import('ssh2').ServerChannel, command: string) => void) {
  return (connection: Connection) => {
    letIn(connection);
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => run(acceptExec(), command));
    });
  };
}

t.test('a connection that is lost in the middle of a program', async (t) => {
  const server = await startFakeServer({ accept: letInAndRun((channel) => channel.write('half an ans')) });
  const transport = await open(server);
  const running = transport.run('true\n', never);
  const output = running.output[Symbol.asyncIterator]();
  t.equal(String((await output.next()).value), 'half an ans');
  server.sockets[0]?.destroy();
  t.same(await output.next(), { done: true, value: undefined }, 'the output ends');
  t.match(await running.ended, {
    exit: undefined,
    error: {
      code: 'connection-lost',
      message: /^production \(root@127\.0\.0\.1:\d+\): the connection was lost while the program ran: /,
    },
  });
  t.match(
    await runAll(transport.run('true\n', never)),
    { error: { code: 'connection-lost' } },
    'and nothing can be run any more',
  );
  await t.rejects(transport.connect('db', 1, never), { message: /Not connected|lost/ });
  await transport.close();
  server.close();
});

t.test('a black hole is noticed', async (t) => {
  const server = await startFakeServer({
    accept: letInAndRun(() => {}),
    config: 'ServerAliveInterval 1\nServerAliveCountMax 2',
  });
  const transport = await open(server);
  const running = transport.run('true\n', never);
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const socket of server.sockets) socket.pause();
  const start = Date.now();
  t.match(await running.ended, { error: { code: 'connection-lost', message: /Keepalive timeout$/ } });
  t.ok(Date.now() - start < 6_000);
  server.close();
});

t.test('a program that ends without an exit status is no answer', async (t) => {
  const server = await startFakeServer({
    accept: letInAndRun((channel) => {
      channel.write('x');
      channel.close();
    }),
  });
  const transport = await open(server);
  t.match(await runAll(transport.run('true\n', never)), {
    output: 'x',
    error: { code: 'connection-lost', message: /the server closed the channel$/ },
  });
  await transport.close();
  server.close();
});

t.test('a server that runs nothing', async (t) => {
  const server = await startFakeServer({
    accept: (connection) => {
      letIn(connection);
      connection.on('session', (accept) => accept().on('exec', (_accept, reject) => reject()));
    },
  });
  const transport = await open(server);
  t.match(await runAll(transport.run('true\n', never)), {
    error: { code: 'shell-unusable', message: /the server runs no programs for this user: Unable to exec$/ },
  });
  await transport.close();
  server.close();
});

t.test('the command that is sent, and how the program comes', async (t) => {
  const program = 'echo ü\n';
  let command = '';
  const server = await startFakeServer({
    accept: letInAndRun((channel, asked) => {
      command = asked;
      channel.once('data', (chunk: Buffer) => {
        channel.write(chunk);
        channel.exit(0);
        channel.end();
      });
    }),
  });
  for (const sudo of [false, true]) {
    const transport = await open(server, {}, { sudo });
    t.match(await runAll(transport.run(program, never)), { output: Buffer.from(program).toString('latin1'), exit: 0 });
    t.match(
      command,
      sudo
        ? /^exec \/bin\/sh -c '.* exec sudo -n -- \/bin\/sh -c "\$1"' sh '.* eval "\$\(head -c 8\)"'$/
        : /^exec \/bin\/sh -c '.* eval "\$\(head -c 8\)"'$/,
    );
    await transport.close();
  }
  server.close();
});

t.test('sudo says no', async (t) => {
  let words = '';
  const server = await startFakeServer({
    accept: letInAndRun((channel) => {
      channel.stderr.write(words);
      channel.exit(1);
      channel.end();
    }),
  });
  const transport = await open(server, {}, { sudo: true });
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['sudo: a password is required\n', 'sudo-needs-password'],
    ['sudo: a terminal is required to read the password\n', 'sudo-needs-password'],
    ['deploy is not in the sudoers file.\nThis incident has been reported.\n', 'sudo-not-permitted'],
    ["Sorry, user deploy is not allowed to execute '/bin/sh' as root on web.\n", 'sudo-not-permitted'],
    ['Sorry, user deploy may not run sudo on web.\n', 'sudo-not-permitted'],
    ['sh: 1: exec: sudo: not found\n', 'sudo-not-permitted'],
    ['/bin/sh: line 1: exec: sudo: not found\n', 'sudo-not-permitted'],
    ['something of the program\n', undefined],
  ];
  for (const [said, code] of cases) {
    words = said;
    const { error } = await transport.run('true\n', never).ended;
    t.equal((error as Ended | undefined)?.code, code, said);
  }
  await transport.close();
  server.close();
});

t.test('forwarded connections', async (t) => {
  const server = await startFakeServer({
    accept: (connection) => {
      letIn(connection);
      connection.on('tcpip', (accept, reject, { destPort }) => {
        if (destPort === 1) return reject();
        if (destPort === 2) return;
        const channel = accept();
        channel.write('hello');
        if (destPort === 3) channel.end();
      });
    },
  });
  const transport = await open(server);
  t.equal(await readAll(await transport.connect('db', 3, never)), 'hello');
  await t.rejects(transport.connect('db', 1, never), {
    name: 'Unreachable',
    reason: 'refused',
    message: 'could not be connected to: db:1 (no reason given)',
  });
  await t.rejects(transport.connect('db', 2, AbortSignal.timeout(200)), { name: 'TimeoutError' });

  const stream = await transport.connect('db', 4, never);
  await new Promise((resolve) => stream.once('data', resolve));
  const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
  const pending = transport.connect('db', 2, never);
  pending.catch(() => {});
  const unwatched = await transport.connect('db', 4, never);
  server.sockets[0]?.destroy();
  t.match(await failed, { message: /^the SSH connection was lost: / }, 'a lost connection is no end of file');
  await t.rejects(pending, { message: /^the SSH connection was lost: / });
  t.ok(await waitFor(() => unwatched.destroyed, 1_000), 'and no unhandled error where nobody listens');
  server.close();
});

t.test('no two round trips where one will do', async (t) => {
  let offers = 0;
  const server = await startFakeServer({
    accept: (connection) =>
      connection.on('authentication', (context) => {
        offers += 1;
        context.accept();
      }),
  });
  await (await open(server)).close();
  t.equal(offers, 1, 'the only key is sent with its signature');
  server.close();
});

t.test('a target without an address', async (t) => {
  await t.rejects(openTransport({ name: 'production', from: 'runner' }, { notice: () => {}, signal: never }), {
    code: 'usage',
    message: 'production: the spec does not say how to reach it',
    hint: 'add `ssh: user@host` to the target',
  });
});
