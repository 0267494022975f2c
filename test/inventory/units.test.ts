import t from 'tap';
import { compareUnits, readUnits } from '../../src/inventory/units.js';
import type { InventoryUnit } from '../../src/inventory-model.js';
import { readSections } from '../../src/shell/sections.js';

interface Printed {
  readonly units?: string;
  readonly files?: string;
  readonly wanted?: string;
  readonly buses?: string;
  readonly transient?: string;
  readonly exit?: number;
  readonly said?: string;
}

function read({ units = '', files = '', wanted = '', buses = '', transient = '', exit = 0, said = '' }: Printed) {
  const stdout = [
    `${units}\n=units ${exit}`,
    `${transient}\n=transient 0`,
    `${files}\n=files 0`,
    `${wanted}\n=wanted 0`,
    `${buses}\n=buses 0`,
  ].join('\n');
  const stderr = `${said}\n=units ${exit}`;
  return readUnits(readSections({ stdout: Buffer.from(`${stdout}\n`), stderr: Buffer.from(`${stderr}\n`) }));
}

function namesOf(printed: Printed): readonly InventoryUnit[] {
  const found = read(printed);
  return found.status === 'known' ? found.value : [];
}

t.test('what is loaded, and what has a file', async (t) => {
  t.same(
    read({
      units:
        'nginx.service loaded active running\ngone.service not-found inactive dead\nold.service masked inactive dead',
      files: '/etc/systemd/system/nginx.service\n/usr/lib/systemd/system/idle.service\n/run/systemd/system/*.service',
      wanted: '/etc/systemd/system/multi-user.target.wants/nginx.service',
    }),
    {
      status: 'known',
      value: [
        { name: 'idle.service', active: 'inactive', sub: 'dead', load: 'unloaded' },
        { name: 'nginx.service', active: 'active', sub: 'running' },
        { name: 'old.service', active: 'inactive', sub: 'dead', load: 'masked' },
      ],
    },
  );
});

t.test('what comes and goes by nature is no part of it', async (t) => {
  const transient = [
    'session-4.scope loaded failed failed',
    'nixspec-boot-guard.timer loaded active waiting',
    'user@1000.service loaded active running',
    'user-runtime-dir@1000.service loaded active exited',
    'run-u123.service loaded active running',
    'run-r0123456789abcdef.service loaded failed failed',
    'run-p4711-i4712.service loaded failed failed',
    'sshd@5-10.0.0.1:22-10.0.0.2:4711.service loaded failed failed',
    'systemd-coredump@3-4711-0.service loaded active running',
    'docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.service loaded active running',
    'deploy.service loaded active running',
    'dbus-org.freedesktop.hostname1.service loaded inactive dead',
  ].join('\n');
  t.same(namesOf({ units: transient, transient: '/run/systemd/transient/deploy.service' }), []);
  t.same(
    namesOf({ units: 'deploy.service loaded failed failed', transient: '/run/systemd/transient/deploy.service' }),
    [{ name: 'deploy.service', active: 'failed', sub: 'failed' }],
    'what somebody started by hand under a name, and has failed, is',
  );
});

t.test('what starts a unit', async (t) => {
  const onDemand = (name: string, printed: Printed = {}) =>
    namesOf({ units: `${name} loaded active running`, ...printed }).find((unit) => unit.name === name)?.onDemand ===
    true;
  const file = (name: string) => ({ files: `/etc/systemd/system/${name}` });
  t.notOk(onDemand('a.service'), 'nothing that can be seen: it is not taken for on demand');
  t.ok(onDemand('a.service', file('a.timer')));
  t.ok(onDemand('a.service', file('a.socket')));
  t.ok(onDemand('a.service', file('a.path')));
  t.ok(onDemand('a@b.service', file('a@.timer')), 'the timer of a template');
  t.ok(onDemand('a@b.service', file('a.socket')), 'a socket with an instance for each connection');
  t.ok(onDemand('polkit.service', { buses: '/usr/lib/systemd/system/polkit.service' }));
  t.notOk(
    onDemand('a.service', { ...file('a.timer'), wanted: '/etc/systemd/system/multi-user.target.wants/a.service' }),
  );
  t.notOk(onDemand('a.timer', file('a.timer')), 'only services');
});

t.test('could not look', async (t) => {
  const rows: readonly (readonly [string, Printed, string])[] = [
    [
      'no systemctl',
      { exit: 127, said: 'sh: systemctl: not found' },
      'systemctl gave no answer: sh: systemctl: not found',
    ],
    ['it hangs', { exit: 137 }, 'systemctl gave no answer within 10 s'],
    ['it fails in silence', { exit: 1 }, 'systemctl gave no answer: exit status 1'],
    ['a line of another kind', { units: 'Failed to connect' }, 'the answer of systemctl could not be read'],
    ['a longer line', { units: 'a.service loaded active running x' }, 'the answer of systemctl could not be read'],
  ];
  for (const [name, printed, reason] of rows) t.same(read(printed), { status: 'unknown', reason }, name);
  t.same(readUnits(new Map()), { status: 'unknown', reason: 'systemctl was not run to its end' }, 'cut');
  const half = readSections({
    stdout: Buffer.from('a.service loaded active running\n=units 0\n/etc/a'),
    stderr: Buffer.alloc(0),
  });
  t.same(readUnits(half), { status: 'unknown', reason: 'the files of the units were not listed' }, 'cut in the files');
});

t.test('comparing', async (t) => {
  const states: { readonly [word: string]: Partial<InventoryUnit> | undefined } = {
    running: { active: 'active', sub: 'running' },
    exited: { active: 'active', sub: 'exited' },
    reloading: { active: 'reloading', sub: 'reload' },
    dead: { active: 'inactive', sub: 'dead' },
    unloaded: { active: 'inactive', sub: 'dead', load: 'unloaded' },
    masked: { active: 'inactive', sub: 'dead', load: 'masked' },
    failed: { active: 'failed', sub: 'failed' },
    starting: { active: 'activating', sub: 'start' },
    stopping: { active: 'deactivating', sub: 'stop' },
    restarting: { active: 'activating', sub: 'auto-restart' },
    missing: undefined,
  };
  const rows: readonly (readonly [string, string?, string?])[] = [
    ['running failed', 'failed: active (running) → failed (failed)'],
    ['dead failed', 'failed: inactive (dead) → failed (failed)', 'failed'],
    ['missing failed', 'failed: failed (failed)', 'failed'],
    ['running restarting', 'failed: active (running) → activating (auto-restart)', 'failed'],
    ['failed restarting'],
    ['restarting failed'],
    ['restarting running'],
    ['restarting dead', 'stopped: activating (auto-restart) → inactive (dead)', ''],
    ['failed failed'],
    ['failed running', 'recovered: failed (failed) → active (running)', 'recovered'],
    ['failed dead', 'recovered: failed (failed) → inactive (dead)', 'recovered'],
    ['failed starting'],
    ['failed missing', 'gone: was failed (failed)', 'gone'],
    ['running missing', 'gone: was active (running)', 'gone'],
    ['unloaded missing', 'gone: was not loaded', 'gone'],
    ['starting missing'],
    ['running dead', 'stopped: active (running) → inactive (dead)', ''],
    ['running unloaded', 'stopped: active (running) → not loaded', ''],
    ['exited masked', 'stopped: active (exited) → inactive (dead), masked', ''],
    ['running starting', 'stopped: active (running) → activating (start)', ''],
    ['running stopping', 'stopped: active (running) → deactivating (stop)', ''],
    ['running exited'],
    ['running reloading'],
    ['dead running', 'started: inactive (dead) → active (running)', ''],
    ['dead unloaded'],
    ['dead starting'],
    ['starting running'],
    ['starting dead'],
    ['missing running', 'new: active (running)', 'new'],
    ['missing unloaded', 'new: not loaded', 'new'],
    ['missing starting'],
  ];
  for (const [words, expected = '', onDemand] of rows) {
    const [before, after] = words.split(' ').map((word) => states[word]);
    for (const demand of [false, true]) {
      const unit = (state: Partial<InventoryUnit> | undefined) =>
        state ? [{ name: 'a.service', active: '', sub: '', ...state, ...(demand && { onDemand: true as const }) }] : [];
      const said = compareUnits(unit(before), unit(after)).map(
        (change) =>
          `${change.kind}: ${[change.before && change.after === undefined ? `was ${change.before}` : change.before, change.after].filter(Boolean).join(' → ')}`,
      );
      const wanted = demand && onDemand !== undefined ? expected.startsWith(`${onDemand}:`) : expected !== '';
      t.same(said, wanted ? [expected] : [], `${words}${demand ? ' on demand' : ''}`);
    }
  }
});

t.test('an instance that systemd has forgotten is there as long as its template', async (t) => {
  const template = { name: 'shard@.service', active: 'inactive', sub: 'dead', load: 'unloaded' };
  const instance = { name: 'shard@one.service', active: 'inactive', sub: 'dead' };
  const running = { ...instance, active: 'active', sub: 'running' };
  t.same(compareUnits([template, instance], [template]), []);
  t.same(compareUnits([template], [template, instance]), []);
  t.match(compareUnits([template, running], [template]), [{ kind: 'stopped', subject: 'shard@one.service' }]);
  t.match(compareUnits([template], [template, running]), [{ kind: 'started' }]);
  t.match(compareUnits([instance], []), [{ kind: 'gone' }]);
});
