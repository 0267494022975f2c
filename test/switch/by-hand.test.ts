import t from 'tap';
import { endByHand } from '../../src/switch/by-hand.js';
import { Record } from '../../src/switch/record.js';
import type { ByHandAction } from '../../src/switch/request.js';
import type { Job } from '../../src/switch/state.js';
import { FakeMachine, next, old, type Script } from './fake-machine.js';

const { signal } = new AbortController();
const request = {
  id: 'one',
  runner: 'me@here',
  spec: 's',
  target: 'production',
  next,
  seconds: 60,
  lastResort: 'none',
} as const;

/** How far a switch came whose runner is dead. */
async function abandon(job: Job | 'reboot' | undefined, script: Script = {}): Promise<FakeMachine> {
  const machine = new FakeMachine(script);
  await machine.arm(request);
  if (job !== undefined) {
    await machine.startJob('one', job === 'reboot' ? 'boot-once' : job, next);
    await machine.followJob();
  }
  if (job === 'reboot') await machine.reboot();
  return machine;
}

async function end(action: ByHandAction, machine: FakeMachine) {
  const said: string[] = [];
  const record = new Record('production', { show: () => {}, say: (line) => said.push(line) });
  const exit = await endByHand(action, machine, record, signal, (text) => said.push(text));
  return { exit, said: said.join('\n') };
}

t.test('status, in every phase', async (t) => {
  const rows = [
    [undefined, /armed \(armed\): the old system comes back in \d+ s unless it is confirmed/],
    ['test', /armed \(activated\): the old system comes back/],
    ['boot-once', /armed \(preparing\): the old system comes back/],
    ['reboot', /armed \(booted\): the old system comes back in \d+ s/],
  ] as const;
  for (const [job, expected] of rows) {
    const machine = await abandon(job);
    t.match(await end('status', machine), { exit: 0, said: expected });
    if (machine.guard) machine.guard.phase = 'rebooting';
    if (job === 'boot-once')
      t.match(await end('status', machine), { said: /a switch reboots the machine into the new system now/ });
  }
});

t.test('rollback, in every phase', async (t) => {
  for (const job of [undefined, 'test', 'boot-once', 'reboot'] as const) {
    const machine = await abandon(job);
    t.match(await end('rollback', machine), { exit: 10, said: /\/nix\/store\/old runs/ }, `${job}`);
    t.strictSame([machine.current, machine.profile, machine.boot, machine.once], [old, old, old, undefined], `${job}`);
    t.strictSame([machine.guard, machine.bootGuard], [undefined, undefined], `${job}`);
  }
});

t.test('confirm, where the new system runs', async (t) => {
  for (const job of ['test', 'reboot'] as const) {
    const machine = await abandon(job);
    t.match(await end('confirm', machine), { exit: 0, said: /is profile and boot default/ }, job);
    t.strictSame([machine.current, machine.profile, machine.boot], [next, next, next], job);
    t.strictSame([machine.guard, machine.bootGuard], [undefined, undefined], `${job}`);
  }
});

t.test('confirm, where it does not', async (t) => {
  for (const [job, script, phase] of [
    [undefined, {}, 'armed'],
    ['boot-once', {}, 'preparing'],
    ['reboot', { boots: 'old' }, 'booted'],
  ] as const) {
    const machine = await abandon(job, script);
    await t.rejects(end('confirm', machine), {
      code: 'switch-refused',
      message: `production: there is no new system to confirm (${phase})`,
    });
    t.equal(machine.boot, old);
  }
});
