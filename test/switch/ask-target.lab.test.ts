import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Target } from '../../src/model.js';
import { ask } from '../../src/switch/ask-target.js';
import { arm } from '../../src/switch/target/arm.js';
import { disarm, readGuard } from '../../src/switch/target/guard.js';
import { inspectTarget } from '../../src/switch/target/inspect.js';
import { followJob, startJob } from '../../src/switch/target/job.js';
import { startRollback } from '../../src/switch/target/rollback.js';
import { openTransport } from '../../src/transport.js';
import { startNixosMachine } from '../lab/nixos-lab.js';
import { request, rollbackEnds } from './target/guarded.js';
import { runStep } from './target/run-step.js';

// The steps over SSH as a user with sudo, and what a connection that ends in the middle leaves.

const machine = await startNixosMachine('ask-target');
if ('skip' in machine) t.test('steps over SSH', { skip: machine.skip }, async () => {});
else {
  t.setTimeout(600_000);
  t.teardown(() => machine.down());
  t.beforeEach(() => machine.reset());
  const target: Target = {
    name: 'web',
    ssh: { host: `${machine.name}-deploy`, config: machine.sshConfig },
    sudo: true,
    from: 'runner',
  };
  const open = (signal: AbortSignal) => openTransport(target, { notice: () => {}, signal });
  const { signal } = new AbortController();

  t.test('with sudo', async (t) => {
    const next = await machine.makeSystem({ label: 'next' });
    const transport = await open(signal);
    t.match(await ask(transport, inspectTarget(next), signal), { root: true, lacks: [], boot: { once: true } });
    t.match(await ask(transport, arm(request('one', 60, { next })), signal), { status: 'armed' });
    t.same(await ask(transport, startJob('one', 'test', next), signal), { status: 'started' });
    let progress = await ask(transport, followJob('one'), signal);
    while (progress.status === 'running') progress = await ask(transport, followJob('one'), signal);
    t.match(progress, { status: 'ended', exit: 0, output: /activating/ });
    t.same(await ask(transport, startRollback('one'), signal), { status: 'started' });
    t.match(await rollbackEnds(machine, 'one'), { ended: 'restored' });
    t.same(await ask(transport, disarm('one'), signal), { status: 'disarmed' });
    await transport.close();
    t.same(await machine.leftovers(), []);
  });

  t.test('without root', async (t) => {
    const transport = await openTransport({ ...target, sudo: false }, { notice: () => {}, signal });
    t.match(await ask(transport, inspectTarget(), signal), { root: false });
    t.match(await ask(transport, arm(request('one', 60)), signal), { status: 'failed', reason: 'this needs root' });
    await transport.close();
    t.same(await machine.leftovers(), []);
  });

  // Wherever it is cut: all of a guard is there, or nothing; and never one that counts down to nothing.
  for (const moment of [100, 150, 200, 250, 300, 350, 400, 500])
    t.test(`cut off ${moment} ms after the arming began`, async (t) => {
      const cut = new AbortController();
      const transport = await open(cut.signal);
      const asked = ask(transport, arm(request('one', 60)), cut.signal).then(
        ({ status }) => status,
        () => 'cut off',
      );
      await sleep(moment);
      cut.abort();
      await transport.close();
      t.comment(await asked);
      await sleep(2500);
      const guard = await runStep(machine, readGuard());
      if (guard !== 'absent') t.match(guard, { id: 'one', phase: 'armed', trigger: 'timer' });
      else t.same(await machine.leftovers(), []);
      t.same(await runStep(machine, disarm('one')), { status: 'disarmed' });
      t.same(await machine.leftovers(), []);
    });
}
