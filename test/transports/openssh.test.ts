import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, ServerChannel } from 'ssh2';
import t from 'tap';
import { openTransport, type TransportOptions } from '../../src/transport.js';
import { runAll, waitFor } from './behaviour.js';
import { letIn, makeKeyPair, startFakeServer } from './fake-server.js';

/** The system's ssh, talking to servers that do what a real one does not. Real ones are in ssh-lab.test.ts. */
const never = new AbortController().signal;

function open(server: { config: string }, options: Partial<TransportOptions> = {}) {
  return openTransport(
    { name: 'production', ssh: { host: 'fake', config: server.config }, from: 'runner', transport: 'openssh' },
    { notice: () => {}, signal: never, ...options },
  );
}

async function failure(server: { config: string }, options: Partial<TransportOptions> = {}) {
  const error = await open(server, options).then(
    (transport) => transport.close().then(() => ({})),
    (error: unknown) => error,
  );
  const { code, message, hint } = error as { code?: string; message?: string; hint?: string };
  return { code, message, hint };
}

function letInAndRun(run: (channel: ServerChannel) => void) {
  return (connection: Connection) => {
    letIn(connection);
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec) => run(acceptExec()));
    });
  };
}

const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`nixspec-ssh-${process.pid}-`));

t.test('its folder is private, and gone when it is closed', async (t) => {
  const server = await startFakeServer();
  const transport = await open(server);
  t.equal(ours().length, 1);
  await transport.close();
  t.ok(await waitFor(() => ours().length === 0, 2_000));
  t.match(await failure(server, { signal: AbortSignal.timeout(1) }), { code: 'interrupted' });
  t.ok(await waitFor(() => ours().length === 0, 2_000), 'after an interruption too');
  server.close();
  t.match(await failure(server), {
    code: 'connection-refused',
    message: /^production \(root@127\.0\.0\.1:\d+\): ssh says: .*Connection refused$/,
  });
  t.ok(await waitFor(() => ours().length === 0, 2_000), 'and after a failure');
});

t.test('what was left behind by a nixspec that is no more is removed', async (t) => {
  const old = join(tmpdir(), 'nixspec-ssh-999999999-abcdef');
  const foreign = join(tmpdir(), `nixspec-ssh-${process.ppid}-abcdef`);
  mkdirSync(old, { recursive: true });
  mkdirSync(foreign, { recursive: true });
  writeFileSync(join(old, 'm'), '');
  const server = await startFakeServer();
  await (await open(server)).close();
  t.notOk(existsSync(old));
  t.ok(existsSync(foreign), 'but not that of a nixspec that runs');
  rmSync(foreign, { recursive: true });
  server.close();
});

t.test('ssh ends with nixspec, even where nixspec is killed', async (t) => {
  const server = await startFakeServer();
  const source = `import { openTransport } from ${JSON.stringify(new URL('../../src/transport.ts', import.meta.url).href)};
const signal = new AbortController().signal;
await openTransport({ name: 'x', from: 'runner', transport: 'openssh', ssh: ${JSON.stringify({ host: 'fake', config: server.config })} }, { notice() {}, signal });
console.log('ready');
setInterval(() => {}, 1000);`;
  const file = join(server.folder, 'child.mts');
  writeFileSync(file, source);
  const child = spawn(process.execPath, [...process.execArgv, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`nixspec-ssh-${child.pid}-`));
  t.equal(folders().length, 1);
  child.kill('SIGKILL');
  t.ok(await waitFor(() => folders().length === 0, 3_000), 'its folder is gone');
  t.ok(await waitFor(() => server.sockets.every((socket) => socket.destroyed), 3_000), 'and its connection');
  server.close();
});

t.test('without an ssh', async (t) => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  t.teardown(() => {
    process.env.PATH = path;
  });
  t.match(await failure({ config: '/dev/null' }), {
    code: 'ssh-missing',
    message: "production: this target needs the system's ssh, and there is none here",
    hint: /install OpenSSH/,
  });
});

t.test('what ssh says', async (t) => {
  const closing = await startFakeServer({ raw: (socket) => socket.end() });
  t.match(await failure(closing), { code: 'connection-failed', message: /ssh says: .*(closed|reset)/i });
  closing.close();
  const silent = await startFakeServer({ raw: () => {}, config: 'ConnectTimeout 1' });
  t.match(await failure(silent), { code: 'connection-timed-out', message: /timed out/ });
  silent.close();
  const refusing = await startFakeServer({
    accept: (connection) => connection.on('authentication', (context) => context.reject(['publickey'])),
  });
  t.match(await failure(refusing), { code: 'authentication-failed', message: /Permission denied \(publickey\)/ });
  refusing.close();
  const unknown = await startFakeServer({ known: '', config: 'StrictHostKeyChecking no' });
  t.match(
    await failure(unknown),
    { code: 'host-key-unknown', message: /host key is known for/ },
    'whatever the configuration says',
  );
  unknown.close();
  const server = await startFakeServer();
  writeFileSync(join(server.folder, 'known_hosts'), `[127.0.0.1]:${server.port} ${makeKeyPair().line}\n`);
  t.match(await failure(server), { code: 'host-key-changed', message: /Offending ED25519 key in .*known_hosts:1/ });
  server.close();
});

t.test('a connection that is lost in the middle of a program', async (t) => {
  const server = await startFakeServer({ accept: letInAndRun((channel) => channel.write('half an ans')) });
  const transport = await open(server);
  const running = transport.run('true\n', never);
  const output = running.output[Symbol.asyncIterator]();
  t.equal(String((await output.next()).value), 'half an ans');
  server.sockets[0]?.destroy();
  t.same(await output.next(), { done: true, value: undefined });
  t.match(await running.ended, {
    error: { code: 'connection-lost', message: /while the program ran: .*(closed|reset|broken pipe)/i },
  });
  t.match(await runAll(transport.run('true\n', never)), { error: { code: 'connection-lost' } });
  await t.rejects(transport.connect('db', 1, never), { message: /closed the connection|ECONNRESET/ });
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
  t.match(await running.ended, { error: { code: 'connection-lost', message: /Timeout, server .* not responding/ } });
  t.ok(Date.now() - start < 6_000);
  await transport.close();
  server.close();
});

t.test('a program that ends without an exit status, and one that is refused', async (t) => {
  const server = await startFakeServer({ accept: letInAndRun((channel) => channel.close()) });
  const transport = await open(server);
  t.match(await runAll(transport.run('true\n', never)), {
    error: { code: 'connection-lost', message: /the server closed the channel$/ },
  });
  await transport.close();
  server.close();
  const refusing = await startFakeServer({
    accept: (connection) => {
      letIn(connection);
      connection.on('session', (accept) => accept().on('exec', (_accept, reject) => reject()));
    },
  });
  const other = await open(refusing);
  t.match(await runAll(other.run('true\n', never)), {
    error: { code: 'shell-unusable', message: /the server refused the command$/ },
  });
  await other.close();
  refusing.close();
});
