import t from 'tap';
import type { UnitState } from '../../src/switch/decide.js';
import { performSwitch } from '../../src/switch/perform.js';
import type { Before, SwitchPlan } from '../../src/switch/plan.js';
import { Record } from '../../src/switch/record.js';
import { Watch } from '../../src/switch/watch.js';
import type { SwitchEnd } from '../../src/switch-model.js';
import { away, FakeMachine, next, old, type Script } from './fake-machine.js';

const well: UnitState = { name: 'x.service', active: 'active', sub: 'running', result: 'success', restarts: 0 };
const broken: UnitState = { ...well, active: 'failed', sub: 'failed', result: 'exit-code' };
const failed = { status: 'failed', message: 'is inactive' } as const;

async function perform(script: Script, given: Partial<SwitchPlan> = {}, outer = new AbortController()) {
  const machine = new FakeMachine(script);
  const said: string[] = [];
  const record = new Record('production', { show: () => {}, say: (line) => said.push(line) });
  const plan: SwitchPlan = {
    ...{ id: 'one', target: 'production', spec: 'nixspec.yaml', next, snapshots: [], soak: 0.02, deadline: 20 },
    ...{ allowed: [], rollback: true, reboot: false, runner: 'me@here' },
    ...given,
  };
  const before: Before = {
    run: await machine.verify('before'),
    units: await machine.units(),
    state: await machine.inspect(),
  };
  machine.asked.length = 0;
  const done = await performSwitch(plan, before, machine, new Watch(), record, outer.signal);
  return { done, machine, said };
}

type Row = readonly [what: string, script: Script, plan: Partial<SwitchPlan>, ended: SwitchEnd, why: string | RegExp];

const rows: readonly Row[] = [
  ['all is well', {}, {}, 'kept', ''],
  ['broke at once', { outcomes: { switched: [failed] } }, {}, 'rolled-back', 'is inactive'],
  ['broke late', { outcomes: { settled: [failed] } }, {}, 'rolled-back', 'is inactive'],
  [
    'broken before',
    { outcomes: { before: [failed], switched: [failed], settled: [failed], 'rolled-back': [failed] } },
    {},
    'kept',
    '',
  ],
  [
    'allowed',
    { outcomes: { switched: [failed], settled: [failed] } },
    { allowed: ['unit web active equal'] },
    'kept',
    '',
  ],
  ['no rollback', { outcomes: { switched: [failed] } }, { rollback: false }, 'left', 'is inactive'],
  ['a unit failed', { units: [[well], [broken], [broken], [well]] }, {}, 'rolled-back', /it is failed/],
  ['exit 1', { activation: { exit: 1 } }, {}, 'rolled-back', /exit status 1/],
  ['exit 4, and nothing broke', { activation: { exit: 4 } }, {}, 'kept', ''],
  ['exit 2, allowed', { activation: { exit: 2 } }, { allowed: ['activation'] }, 'kept', ''],
  ['hangs', { activation: { hangs: true } }, { deadline: 1 }, 'rolled-back', /deadline of 1 s/],
  ['cannot be kept', { keepExit: 1 }, {}, 'rolled-back', /cannot be made the boot default/],
  ['declined', {}, { confirm: async () => false }, 'rolled-back', 'declined'],
  ['confirmed', {}, { confirm: async () => true }, 'kept', ''],
  [
    'the rollback fails',
    { outcomes: { switched: [failed] }, rollbackFails: true },
    {},
    'not-restored',
    '/nix/store/new runs, not /nix/store/old',
  ],
  [
    'the rollback does not bring it back',
    { outcomes: { switched: [failed], 'rolled-back': [failed] } },
    {},
    'not-restored',
    /the old system runs again, but is not as it was: unit web/,
  ],
  ['a reboot', {}, { reboot: true }, 'kept', ''],
  ['broke after a reboot', { outcomes: { settled: [failed] } }, { reboot: true }, 'rolled-back', 'is inactive'],
  ['a reboot brought the old one', { boots: 'old' }, { reboot: true }, 'rolled-back', /came up with the old system/],
  [
    'left after a reboot',
    { outcomes: { switched: [failed] } },
    { reboot: true, rollback: false },
    'left',
    'is inactive',
  ],
  [
    'nobody reaches it after a reboot',
    { bootSeconds: 2, before: (_, { current }) => void (current === next && away()) },
    { reboot: true, deadline: 1 },
    'rolled-back',
    /deadline/,
  ],
  [
    'no new connection after the activation',
    {
      before: (what, { current }) =>
        void ((what.startsWith('verify') || what === 'extend' || what === 'disarm') && current === next && away()),
    },
    { deadline: 1 },
    'rolled-back',
    /deadline|no connection/,
  ],
  [
    'nothing at all after the activation, until the target is back by itself',
    { before: (_, { current }) => void (current === next && away()) },
    { deadline: 1 },
    'rolled-back',
    /deadline|no connection/,
  ],
];

for (const [what, script, plan, ended, why] of rows) {
  t.test(what, async (t) => {
    const { done, machine } = await perform(script, plan);
    t.equal(done.ended, ended);
    t.match(done.why, why);
    if (!script.rollbackFails) t.equal(machine.current, ended === 'kept' || ended === 'left' ? next : old);
    t.equal(machine.profile, ended === 'kept' || (ended === 'left' && plan.reboot) ? next : old, 'the profile');
    t.equal(machine.boot, ended === 'kept' ? next : old, 'the boot default');
    if (ended !== 'not-restored') t.equal(machine.guard, undefined, 'nothing is left armed');
  });
}

t.test('in what order', async (t) => {
  const { machine, done } = await perform({}, { snapshots: [{ name: 'db', kind: 'zfs', source: 'db', timeout: 1 }] });
  t.strictSame(machine.asked, [
    'snapshot db',
    'arm',
    'start test',
    'follow',
    'units',
    'verify switched',
    'units',
    'verify settled',
    'units',
    'inspect',
    'start keep',
    'follow',
    'disarm',
  ]);
  t.match(done.snapshots, [{ entry: 'db', name: 'db@one', restore: 'zfs rollback db@one' }]);
  t.match(done.runs, {
    before: '2026-production+before',
    after: '2026-production+switched',
    settled: '2026-production+settled',
  });
});

t.test('in what order, with a reboot', async (t) => {
  const { machine, said } = await perform({}, { reboot: true });
  t.strictSame(machine.asked, [
    'arm',
    'start boot-once',
    'follow',
    'reboot',
    'inspect',
    'arm again',
    'inspect',
    'units',
    'verify switched',
    'units',
    'verify settled',
    'units',
    'inspect',
    'start keep',
    'follow',
    'disarm',
  ]);
  t.match(said.join('\n'), /prepared[\s\S]*rebooting[\s\S]*up again, with the new system[\s\S]*armed again/);
});

t.test('Ctrl-C, with a reboot', async (t) => {
  for (const step of ['start boot-once', 'reboot', 'arm again', 'verify switched', 'start keep']) {
    const outer = new AbortController();
    const script: Script = { before: (what) => void (what === step && outer.abort()) };
    const { done, machine } = await perform(script, { reboot: true }, outer);
    t.match(done, { ended: 'rolled-back', why: 'interrupted' }, step);
    t.match([machine.current, machine.profile, machine.boot, machine.once], [old, old, old, undefined], step);
    t.match([machine.guard, machine.bootGuard], [undefined, undefined], step);
  }
});

t.test('the new system does not boot, until somebody helps', async (t) => {
  let looks = 0;
  const { done, machine } = await perform(
    {
      boots: 'nothing',
      before: (_, fake) => {
        if (fake.bootId !== 2) return;
        looks += 1;
        if (looks === 3) fake.powerCycle();
      },
    },
    { reboot: true, deadline: 5 },
  );
  t.equal(done.ended, 'rolled-back');
  t.strictSame([machine.current, machine.profile, machine.boot, machine.bootId], [old, old, old, 3]);
});

t.test('a copy that fails stops it before anything is armed', async (t) => {
  const machine = perform(
    { snapshotFails: true },
    { snapshots: [{ name: 'db', kind: 'zfs', source: 'db', timeout: 1 }] },
  );
  await t.rejects(machine, {
    code: 'snapshot-failed',
    message: 'production: not switched: the copy of db failed: no space left',
  });
});

t.test('Ctrl-C', async (t) => {
  const at = (step: string) => {
    const outer = new AbortController();
    return perform({ before: (what) => void (what === step && outer.abort()) }, {}, outer);
  };
  await t.rejects(at('arm'), { code: 'interrupted', message: 'interrupted: nothing was touched' });
  for (const step of ['start test', 'follow', 'verify switched', 'verify settled', 'start keep']) {
    const { done, machine, said } = await at(step);
    t.match(done, { ended: 'rolled-back', why: 'interrupted' }, step);
    t.match([machine.current, machine.profile, machine.boot, machine.guard], [old, old, old, undefined], step);
    t.match(said.join('\n'), /Ctrl-C once more leaves it to the target/, step);
  }
});

t.test('the timer fires while it is verified', async (t) => {
  const { done, machine } = await perform({
    before(what, { guard }) {
      if (what === 'verify settled' && guard) guard.until = 0;
    },
  });
  t.equal(done.ended, 'rolled-back', 'a verdict on what no longer runs is none');
  t.strictSame([machine.current, machine.profile, machine.guard], [old, old, undefined]);
});

t.test('a deployer', async (t) => {
  const deploy = (exit: number, change: (machine: FakeMachine) => void) => {
    let found: FakeMachine | undefined;
    const script: Script = {
      before: (what, machine) => {
        if (what === 'enter command') found = machine;
      },
    };
    return perform(script, {
      deploy: async () => {
        if (found) change(found);
        return exit;
      },
    });
  };
  const all = (machine: FakeMachine) => Object.assign(machine, { current: next, profile: next, boot: next });
  const rows = [
    [0, all, 'kept', ''],
    [1, all, 'rolled-back', 'the command ended with exit status 1'],
    [1, () => {}, 'unchanged', 'the command ended with exit status 1, and switched nothing'],
    [
      0,
      (machine: FakeMachine) => Object.assign(machine, { profile: next, boot: next }),
      'rolled-back',
      /did not activate it/,
    ],
  ] as const;
  for (const [exit, change, ended, why] of rows) {
    const { done, machine } = await deploy(exit, change);
    t.match(done, { ended, why });
    const runs = ended === 'kept' ? next : old;
    t.strictSame([machine.current, machine.profile, machine.boot, machine.guard], [runs, runs, runs, undefined]);
  }
});
