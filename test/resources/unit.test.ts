import t from 'tap';
import type { Observation } from '../../src/model.js';
import unit from '../../src/resources/unit.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

/** A service as systemd 257 tells it, when it was looked at 1000 s after it was started. */
const service = {
  Names: 'web.service',
  LoadState: 'loaded',
  ActiveState: 'active',
  SubState: 'running',
  UnitFileState: 'enabled',
  WantedBy: 'multi-user.target',
  RequiredBy: '',
  UpheldBy: '',
  BoundBy: '',
  TriggeredBy: '',
  Type: 'simple',
  BusName: '',
  Result: 'success',
  RemainAfterExit: 'no',
  NRestarts: '0',
  ConditionResult: 'yes',
  ConditionTimestamp: 'Mon 2026-11-23 01:38:31 UTC',
  ExecMainStartTimestamp: 'Mon 2026-11-23 01:38:31 UTC',
  ActiveEnterTimestamp: 'Mon 2026-11-23 01:38:31 UTC',
};
type Changes = Partial<Record<string, string | undefined>>;

const started = Date.parse('2026-11-23T01:38:31Z') / 1000;

function show(changes: Changes, rest = '') {
  const lines = Object.entries({ ...service, ...changes }).flatMap(([key, value]) =>
    value === undefined ? [] : `${key}=${value}`,
  );
  return `${lines.join('\n')}\n=triggers\n${rest}=clock ${started + 1000} 500025\n`;
}

function readOne(wanted: readonly string[], stdout: string, name = 'web.service') {
  const query = ask(unit, name, wanted);
  return read(unit, [query], { stdout }).get(query.id);
}

function readingOf(observation: Observation | undefined, property: string) {
  return observation?.status === 'known' ? observation.readings[property] : observation;
}

const neverRun = {
  ExecMainStartTimestamp: '',
  ConditionTimestamp: '',
  ConditionResult: 'no',
  ActiveEnterTimestamp: '',
};
const atRest = { ActiveState: 'inactive', SubState: 'dead' };
const unwanted = { UnitFileState: 'static', WantedBy: '' };
const byTimer = { TriggeredBy: 'web.timer' };
const timer = (state: string, file = 'enabled') =>
  `Names=web.timer\nActiveState=${state}\nUnitFileState=${file}\nWantedBy=\nRequiredBy=\n`;

t.test('names', async (t) => {
  const { pattern, normalize } = unit.subject;
  for (const [written, name] of [
    ['nginx', 'nginx.service'],
    ['nginx.service', 'nginx.service'],
    ['-.mount', '-.mount'],
    ['home-my\\x2ddata.mount', 'home-my\\x2ddata.mount'],
    ['getty@tty1', 'getty@tty1.service'],
    ['wg-quick@wg0.service', 'wg-quick@wg0.service'],
    ['foo.bar', 'foo.bar.service'],
    ['a@b@c', 'a@b@c.service'],
    ['*', '*.service'],
    ['backup-*', 'backup-*.service'],
    ['ng?nx.service', 'ng?nx.service'],
    ['x[0-9].timer', 'x[0-9].timer'],
    ['shard@*', 'shard@*.service'],
    ['nginx.*', 'nginx.*'],
  ] as const) {
    t.match(written, pattern);
    t.equal(normalize?.(written), name);
  }
  for (const written of ['', 'a b', '* b', 'x[', 'x[]', 'getty@', 'getty@.service', '@x', '.service', 'a/b', 'ü']) {
    t.notMatch(written, pattern, written);
  }
  t.notMatch('a'.repeat(241), pattern, 'longer than systemd takes');
});

t.test(
  'states alone are one call on the bus, anything more one systemctl show, a user has a manager of his own',
  async (t) => {
    const probes = shellProbes(unit, [
      ...Array.from({ length: 200 }, (_, at) => ask(unit, `a${at}.service`, ['active', 'exists', 'sub-state'])),
      ...Array.from({ length: 200 }, (_, at) => ask(unit, `b${at}.service`, ['active', 'restarts'])),
      ask(unit, 'c.service', ['active'], { user: 'alice' }),
      ask(unit, 'd.service', ['restarts'], { user: 'alice' }),
    ]);
    t.same(
      probes.map((probe) => [/ListUnitsByNames as (\d+)/.exec(probe.script.raw)?.[1], probe.answers.length]),
      [
        ['200', 200],
        [undefined, 200],
        [undefined, 2],
      ],
    );
    t.match(probes[1]?.script.raw, 'show -p Names,LoadState,ActiveState,NRestarts -- b0.service b1.service');
    t.notMatch(probes[1]?.script.raw, 'TriggeredBy');
    t.match(probes[2]?.script.raw, 'id -u -- alice');
  },
);

t.test('the bus answers in the order of the names, under the real name of an alias', async (t) => {
  const queries = [
    ask(unit, 'dbus-org.freedesktop.login1.service', ['active']),
    ask(unit, 'gone.service', ['exists']),
    ask(unit, 'still-running.service', ['exists', 'load-state', 'active']),
    ask(unit, 'off.service', ['active', 'load-state', 'state', 'sub-state']),
    ask(unit, 'dev-sdz.device', ['exists']),
  ];
  const row = (name: string, load: string, active: string, sub: string) => [
    name,
    '',
    load,
    active,
    sub,
    '',
    '/',
    0,
    '',
    '/',
  ];
  const stdout = JSON.stringify({
    type: 'a(ssssssouso)',
    data: [
      [
        row('systemd-logind.service', 'loaded', 'active', 'running'),
        row('gone.service', 'not-found', 'inactive', 'dead'),
        row('still-running.service', 'not-found', 'active', 'running'),
        row('off.service', 'masked', 'inactive', 'dead'),
        row('dev-sdz.device', 'loaded', 'inactive', 'dead'),
      ],
    ],
  });
  t.same(
    [...read(unit, queries, { stdout }).values()],
    [
      { status: 'known', readings: { active: true } },
      { status: 'absent', reason: 'systemd knows no gone.service' },
      { status: 'known', readings: { 'load-state': 'not-found', active: true } },
      { status: 'known', readings: { active: false, 'load-state': 'masked', state: 'inactive', 'sub-state': 'dead' } },
      { status: 'absent', reason: 'systemd knows no dev-sdz.device' },
    ],
  );
});

t.test('a broken answer is unknown', async (t) => {
  const short = 'systemd told of 0 units where 1 were asked for';
  for (const [stdout, reason] of [
    ['', short],
    ['{"type":"a(ssssssouso)","data":[[', short],
    ['{"data":[[["web.service"]]]}', 'systemd told nothing of web.service'],
    ['{"data":7}', short],
    ['=clock 1 100\n', short],
    ['ActiveState=active\n=clock 1 100\n', 'systemd told nothing of web.service'],
    [
      'Names=other.service\nLoadState=loaded\nActiveState=active\n',
      'systemd answered about other.service instead of web.service',
    ],
    [
      `${show({})}\n`.repeat(2).replace(/=triggers[\s\S]*?=clock.*\n/, '\n'),
      'systemd told of 2 units where 1 were asked for',
    ],
  ] as const) {
    t.same(readOne(['active'], stdout), { status: 'unknown', reason }, stdout.slice(0, 40));
  }
});

t.test('healthy', async (t) => {
  const inLoop = { NRestarts: '15', ActiveEnterTimestamp: 'Mon 2026-11-23 01:55:02 UTC' };
  const bus = { ...atRest, ...neverRun, BusName: 'org.example.Lazy' };
  for (const [name, changes, expected, rest] of [
    ['running', {}, true],
    ['reloading', { ActiveState: 'reloading' }, true],
    ['between two crashes', inLoop, false],
    ['restarted, but settled since', { ...inLoop, ActiveEnterTimestamp: 'Mon 2026-11-23 01:55:01 UTC' }, true],
    [
      'waiting for the next restart',
      { ActiveState: 'activating', SubState: 'auto-restart', Result: 'exit-code' },
      false,
    ],
    ['starting', { ActiveState: 'activating', SubState: 'start' }, false],
    ['stopping', { ActiveState: 'deactivating' }, false],
    ['failed', { ActiveState: 'failed', SubState: 'failed', Result: 'exit-code' }, false],
    ['stopped', atRest, false],
    ['never started', { ...atRest, ...neverRun }, false],
    ['oneshot that ended well', { ...atRest, Type: 'oneshot' }, true],
    ['oneshot that never ran', { ...atRest, ...neverRun, Type: 'oneshot' }, false],
    ['oneshot that should have stayed active', { ...atRest, Type: 'oneshot', RemainAfterExit: 'yes' }, false],
    ['oneshot that ended badly', { ...atRest, Type: 'oneshot', Result: 'exit-code' }, false],
    ['condition said no', { ...atRest, ConditionResult: 'no', ExecMainStartTimestamp: '' }, true],
    ['waits for a timer', { ...atRest, ...neverRun, ...byTimer }, true, timer('active')],
    ['waits for a stopped timer', { ...atRest, ...neverRun, ...byTimer }, false, timer('inactive')],
    ['waits for the bus', bus, true, '=bus {"type":"as","data":[["org.example.Lazy"]]}\n'],
    ['the bus does not start it', bus, false, '=bus {"type":"as","data":[["org.example.Other"]]}\n'],
    [
      'the bus was silent',
      bus,
      { noReading: 'unknown', reason: 'the bus did not tell whether it starts org.example.Lazy when asked for' },
      '=bus\n',
    ],
    ['masked', { ...atRest, LoadState: 'masked', ...byTimer }, false, timer('active')],
    ['active target', { Type: undefined, Result: undefined, NRestarts: undefined }, true],
    ['inactive target', { ...atRest, Type: undefined, Result: undefined, NRestarts: undefined }, false],
  ] as const) {
    t.same(readingOf(readOne(['healthy'], show(changes, rest)), 'healthy'), expected, name);
  }
});

t.test('enabled', async (t) => {
  const linked = { UnitFileState: 'linked', WantedBy: '' };
  for (const [name, changes, expected, rest] of [
    ['enabled', {}, true],
    ['enabled elsewhere, its wants not loaded', { WantedBy: '' }, true],
    ['enabled-runtime', { UnitFileState: 'enabled-runtime', WantedBy: '' }, true],
    ['static', unwanted, false],
    ['static and wanted', { UnitFileState: 'static' }, true],
    ['static and required', { ...unwanted, RequiredBy: 'db.service' }, true],
    ['disabled', { UnitFileState: 'disabled', WantedBy: '' }, false],
    ['linked', linked, false],
    ['linked, with a timer', { ...linked, ...byTimer }, true, timer('active', 'linked')],
    ['linked, with a stopped timer that starts at boot', { ...linked, ...byTimer }, true, timer('inactive')],
    ['linked, with a timer that nothing starts', { ...linked, ...byTimer }, false, timer('inactive', 'linked')],
    ['masked, though wanted', { UnitFileState: 'masked', LoadState: 'masked' }, false],
    [
      'trigger masked, though wanted',
      { ...linked, ...byTimer },
      false,
      `${timer('inactive', 'masked')}BoundBy=x.target\n`,
    ],
    ['generated from fstab', { UnitFileState: 'generated', WantedBy: '', RequiredBy: 'local-fs.target' }, true],
    ['no unit file', { UnitFileState: '', WantedBy: '' }, false],
    ['bus name', { ...linked, BusName: 'a.b' }, true, '=bus {"type":"as","data":[["a.b"]]}\n'],
  ] as const) {
    t.same(readingOf(readOne(['enabled'], show(changes, rest)), 'enabled'), expected, name);
  }
});

t.test('each other property', async (t) => {
  const none = (reason: string) => ({ noReading: 'absent', reason });
  const boot = started + 1000 - 5000.25;
  for (const [property, changes, expected] of [
    ['active', { ActiveState: 'inactive' }, false],
    ['active', { ActiveState: 'refreshing' }, true],
    ['unit-file-state', {}, 'enabled'],
    ['unit-file-state', { UnitFileState: '' }, none('it has no unit file')],
    ['result', { Result: 'timeout' }, 'timeout'],
    ['result', { Result: undefined }, none('units of its kind have no result')],
    ['exit-status', { ExecMainCode: '1', ExecMainStatus: '7' }, 7],
    ['exit-status', { ExecMainCode: '2', ExecMainStatus: '9' }, 137],
    ['exit-status', { ExecMainCode: '0', ExecMainStatus: '0' }, none('its main process has not ended, or never ran')],
    ['exit-status', {}, none('only services have an exit status')],
    ['restarts', { NRestarts: '3' }, 3],
    ['restarts', { NRestarts: undefined }, none('only services are restarted')],
    ['needs-reload', { NeedDaemonReload: 'yes' }, true],
    ['needs-reload', { NeedDaemonReload: 'no' }, false],
    ['condition', {}, true],
    ['condition', { ConditionResult: 'no' }, false],
    ['condition', neverRun, none('it was never started, so its conditions were never looked at')],
    ['type', {}, 'simple'],
    ['wanted-by', { WantedBy: 'b.target a.target' }, ['a.target', 'b.target']],
    ['wanted-by', { WantedBy: '' }, []],
    ['triggered-by', byTimer, ['web.timer']],
    ['fragment-path', { FragmentPath: '/etc/systemd/system/web.service' }, '/etc/systemd/system/web.service'],
    ['drop-ins', { DropInPaths: '/etc/b.conf /etc/a.conf' }, ['/etc/a.conf', '/etc/b.conf']],
    ['status-text', { StatusText: 'a=b, =triggers' }, 'a=b, =triggers'],
    ['status-text', { StatusText: '' }, none('it has not said anything about its status')],
    ['main-pid', { MainPID: '812' }, 812],
    ['main-pid', { MainPID: '0' }, none('it has no main process now')],
    ['memory', { MemoryCurrent: '1048576' }, 1048576],
    ['memory', { MemoryCurrent: '[not set]', ControlGroup: '' }, none('it has no memory: it does not run')],
    [
      'memory',
      { MemoryCurrent: '18446744073709551615', ControlGroup: '/system.slice/web.service' },
      {
        noReading: 'unknown',
        reason: 'systemd does not account memory here: switched off, or control groups of version 1',
      },
    ],
    ['memory-peak', { MemoryCurrent: '5', MemoryPeak: '9' }, 9],
    [
      'memory-peak',
      { MemoryCurrent: '5' },
      { noReading: 'unknown', reason: 'this systemd does not tell MemoryPeak (256 and newer do)' },
    ],
    ['tasks', { TasksCurrent: '4' }, 4],
    ['cpu-time', { CPUUsageNSec: '38930000' }, 0.03893],
    ['uptime', {}, 1000],
    ['uptime', { ActiveState: 'failed' }, none('it is not active')],
    [
      'uptime',
      { ActiveEnterTimestamp: 'Mon 2026-11-23 09:00:00 UTC' },
      { noReading: 'unknown', reason: 'the clock of the target was set back since' },
    ],
    ['triggers', { Triggers: 'web.service other.mount' }, ['other.mount', 'web.service']],
    ['triggers', { Triggers: '' }, []],
    [
      'triggers',
      { Triggers: String.raw`"mnt-my\\x2ddata.mount" web.service` },
      ['mnt-my\\x2ddata.mount', 'web.service'],
    ],
    ['drop-ins', { DropInPaths: String.raw`"/etc/a b/\"c\".conf" /etc/d.conf` }, ['/etc/a b/"c".conf', '/etc/d.conf']],
    ['last-trigger', { LastTriggerUSec: 'Mon 2026-11-23 01:38:31 UTC' }, started],
    ['last-trigger', { LastTriggerUSec: '' }, none('it has never triggered')],
    ['last-trigger', {}, none('only timers tell when they last triggered')],
    ['since-last-trigger', { LastTriggerUSec: 'Mon 2026-11-23 01:38:30 UTC' }, 1001],
    ['since-last-trigger', { LastTriggerUSec: '' }, none('it has never triggered')],
    [
      'next-trigger',
      { NextElapseUSecRealtime: 'Mon 2026-11-23 02:00:00 UTC', NextElapseUSecMonotonic: '0' },
      started + 1289,
    ],
    [
      'next-trigger',
      { NextElapseUSecRealtime: '', NextElapseUSecMonotonic: '1h 25min 36.661058s' },
      Math.round(boot + 5136.661),
    ],
    [
      'next-trigger',
      { NextElapseUSecRealtime: '', NextElapseUSecMonotonic: '1month 2d 3ms' },
      Math.round(boot + 2629800 + 172800),
    ],
    [
      'next-trigger',
      { NextElapseUSecRealtime: '', NextElapseUSecMonotonic: 'infinity' },
      none('it does not wait for a time: stopped, or its unit runs'),
    ],
    ['next-trigger', {}, none('only timers trigger at a time')],
    [
      'listen',
      { Listen: '[::]:22 (Stream)\nListen=/run/a b (Datagram)\nListen=[::]:22 (Datagram)' },
      ['/run/a b', '[::]:22'],
    ],
    ['listen', {}, []],
  ] as const) {
    const observation = readOne([property, 'restarts'], show(changes));
    t.same(readingOf(observation, property), expected, `${property} ${JSON.stringify(changes)}`);
  }
});

t.test('every property has a reader, and nothing that was not asked for is told', async (t) => {
  for (const property of Object.keys(unit.properties)) {
    const observation = readOne([property, 'restarts'], show({}));
    t.equal(observation?.status, 'known');
    t.same(
      observation?.status === 'known' && Object.keys(observation.readings).sort(),
      [...new Set([property, 'restarts'])].sort(),
    );
  }
});

t.test("a user's manager that cannot be asked is unknown, and says why", async (t) => {
  const query = ask(unit, 'web.service', ['active'], { user: 'alice' });
  for (const [exit, reason] of [
    [61, 'no such user'],
    [63, 'only root and the user may ask it: connect as one of them or set `sudo: true`'],
  ] as const) {
    t.same(read(unit, [query], { exit }).get(query.id), {
      status: 'unknown',
      reason: `the manager of user alice cannot be asked: ${reason}`,
    });
  }
});

t.test('the scripts are understood by every shell, and a user is no shell text', async (t) => {
  for (const shell of shells) {
    const query = ask(unit, 'web.service', ['active'], { user: "no such; echo 'x" });
    t.match(observe(unit, [query], shell).get(query.id), { status: 'unknown', reason: /: no such user$/ });
    const everything = Object.keys(unit.properties);
    const probes = shellProbes(unit, [ask(unit, 'web.service', everything), ask(unit, 'x.service', ['active'])]);
    t.equal(probes.length, 2);
    // Whether systemd runs here or not: an answer that is one, or an exit code that is none.
    for (const [id, observation] of observe(unit, [ask(unit, '-.slice', ['active'])], shell)) {
      t.not(observation.status, 'absent', `${shell} ${id}`);
    }
  }
});

t.test('wildcards: each unit that is matched, by any of its names, once', async (t) => {
  const block = (names: string, changes: Changes = {}) => show({ Names: names, ...changes }).split('\n=triggers')[0];
  const blocks = [
    block('backup-a.service'),
    block('backup-b.service old-backup.service', { ActiveState: 'failed' }),
    block('backup-b.service old-backup.service', { ActiveState: 'failed' }),
    block('backup-c.service', { LoadState: 'not-found', ActiveState: 'inactive' }),
    block('restore-a.service'),
  ];
  const stdout = `${blocks.join('\n\n')}\n=clock ${started} 1\n`;
  const table: readonly (readonly [pattern: string, members: Readonly<Record<string, string>>])[] = [
    ['backup-*.service', { 'backup-a.service': 'active', 'backup-b.service': 'failed' }],
    ['*-a.service', { 'backup-a.service': 'active', 'restore-a.service': 'active' }],
    ['old-*.service', { 'old-backup.service': 'failed' }],
    ['backup-[!a].service', { 'backup-b.service': 'failed' }],
    ['backup-[^a].service', { 'backup-b.service': 'failed' }],
    ['backup-?.*', { 'backup-a.service': 'active', 'backup-b.service': 'failed' }],
    ['backup.*', {}],
  ];
  const queries = table.map(([pattern]) => ask(unit, pattern, ['state', 'count']));
  const found = read(unit, queries, { stdout });
  for (const [at, [pattern, members]] of table.entries()) {
    const observation = found.get(queries[at]?.id ?? '');
    if (observation?.status !== 'several') throw new Error(`${pattern} is several`);
    const states = [...observation.members].map(([name, member]) => [name, readingOf(member, 'state')]);
    t.same(Object.fromEntries(states), members, pattern);
    t.same(observation.readings, { count: Object.keys(members).length, exists: states.length > 0 }, pattern);
  }
  const [one] = read(unit, [ask(unit, 'web.service', ['count', 'restarts'])], { stdout: show({}) }).values();
  t.match(one, { status: 'known', readings: { count: 1, restarts: 0 } }, 'without wildcards it is one');
});

t.test('whatever systemctl show tells', async (t) => {
  const names = ['User', 'ExecStart', 'Environment', 'Nope', 'a b', '-p'];
  const query = ask(unit, 'web.service', ['properties', 'active'], { properties: names });
  const [probe] = shellProbes(unit, [query]);
  t.match(probe?.script.raw, /show -p Names,LoadState,ActiveState,User,ExecStart,Environment,Nope --/);
  const stdout = show({ User: 'web', ExecStart: '{ a }\nExecStart={ b }', Environment: '' });
  t.match(read(unit, [query], { stdout }).get(query.id), {
    status: 'known',
    readings: { active: true, properties: { User: 'web', ExecStart: '{ a }\n{ b }', Environment: '' } },
  });
  const members = ask(unit, 'w*', ['properties'], { properties: ['User'] });
  t.match(read(unit, [members], { stdout }).get(members.id), { status: 'several' });
});
