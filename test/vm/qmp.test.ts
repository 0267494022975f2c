import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findForwardedPort, Qmp, type QmpEvent } from '../../src/vm/qmp.js';

/** A socket that greets as QEMU does and answers with what it is told. */
async function listen(t: Test, answer: (command: string) => string | undefined): Promise<string> {
  const path = join(t.testdir(), 'qmp');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const { execute } = JSON.parse(text.slice(0, end)) as { execute: string };
        text = text.slice(end + 1);
        const said = execute === 'qmp_capabilities' ? '{"return": {}}' : answer(execute);
        if (said === undefined) socket.destroy();
        else socket.write(`${said}\r\n`);
      }
    });
  });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return path;
}

t.test('answers in their order, and events beside them', async (t) => {
  const events: QmpEvent[] = [];
  const path = await listen(t, (command) =>
    command === 'human-monitor-command'
      ? '{"event": "RESUME", "timestamp": {}}\r\nnot JSON\r\n{"return": "text"}'
      : `{"return": {"asked": "${command}"}}`,
  );
  const qmp = await Qmp.open(path, (event) => void events.push(event));
  t.same(await Promise.all([qmp.execute('query-kvm'), qmp.ask('info usernet'), qmp.execute('quit')]), [
    { asked: 'query-kvm' },
    'text',
    { asked: 'quit' },
  ]);
  t.same(events, [{ event: 'RESUME', data: {} }]);
  qmp.close();
});

t.test('what QEMU refuses, and a QEMU that goes', async (t) => {
  const path = await listen(t, (command) =>
    command === 'stop' ? undefined : '{"error": {"class": "GenericError", "desc": "no such thing"}}',
  );
  const qmp = await Qmp.open(path, () => {});
  await t.rejects(qmp.execute('nonsense'), { message: 'no such thing' });
  await t.rejects(qmp.execute('stop'), { message: 'QEMU is gone' });
  await t.rejects(qmp.execute('cont'), { message: 'QEMU is gone' });
  await t.rejects(Qmp.open(join(t.testdir(), 'nothing'), () => {}));
});

t.test('the port that QEMU chose', async (t) => {
  const usernet = [
    'VLAN -1 (user.0):',
    '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
    '  TCP[ESTABLISHED]   24       127.0.0.1 40123       10.0.2.15    22     0     0',
    '  TCP[HOST_FORWARD]  13       127.0.0.1 40111       10.0.2.15    80     0     0',
    '  TCP[HOST_FORWARD]  12       127.0.0.1 37053       10.0.2.15    22     0     0',
    '  UDP[236 sec]       30       10.0.2.15 49042        10.0.2.3    53     0     0',
  ].join('\r\n');
  t.equal(findForwardedPort(usernet), 37053);
  t.equal(findForwardedPort(''), undefined);
  t.equal(findForwardedPort(usernet.replaceAll('   22 ', '   23 ')), undefined);
});
