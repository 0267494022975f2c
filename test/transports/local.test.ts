import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import t from 'tap';
import { openLocal } from '../../src/transports/local.js';
import { readAll, testPrograms, waitFor } from './behaviour.js';

const open = (target = {}) =>
  openLocal(
    { name: 'here', local: true, from: 'runner', ...target },
    { notice: () => {}, signal: new AbortController().signal },
  );
const never = new AbortController().signal;

t.test('programs', async (t) => testPrograms(t, await open()));

t.test('it says where it is', async (t) => {
  const transport = await open();
  t.equal(transport.name, 'local');
  t.match(transport.reached, / locally$/);
});

t.test('an abandoned program is killed, with its children', async (t) => {
  const transport = await open();
  const ending = new AbortController();
  const running = transport.run("sleep 987654 & echo $!; trap '' TERM; wait\n", ending.signal);
  const output = running.output[Symbol.asyncIterator]();
  const pid = String((await output.next()).value).trim();
  ending.abort();
  t.match(await running.ended, { exit: undefined, error: { code: 'interrupted' } });
  t.ok(await waitFor(() => !isRunning(pid), 5_000), 'after its time to clear up');
});

function isRunning(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8', stdio: 'pipe' }));
  } catch {
    return false;
  }
}

t.test('connections', async (t) => {
  const transport = await open();
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  t.equal(await readAll(await transport.connect('127.0.0.1', port, never)), 'hello');
  server.close();
  await new Promise((resolve) => server.once('close', resolve));
  await t.rejects(transport.connect('127.0.0.1', port, never), { name: 'Unreachable', reason: 'refused' });
  await t.rejects(transport.connect('nope.invalid', 80, never), { message: /no such name|EAI_AGAIN/ });
  await t.rejects(transport.connect('127.0.0.1', port, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
});

t.test('sudo that does not let one in', async (t) => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  t.teardown(() => {
    process.env.PATH = path;
  });
  const transport = await open({ sudo: true });
  const end = await transport.run('true\n', never).ended;
  // Where there is a sudo, root may use it; else the message says that there is none.
  if (end.exit !== 0)
    t.match(end.error, { code: 'sudo-not-permitted', message: /^here \(this machine\): sudo does not let/ });
  else t.pass('sudo is here, and root may');
});
