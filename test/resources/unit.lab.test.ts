import t from 'tap';
import type { Query } from '../../src/model.js';
import type { Resource } from '../../src/resource.js';
import port from '../../src/resources/port.js';
import unit from '../../src/resources/unit.js';
import { type Lab, machine, startLab } from '../lab/lab.js';
import { ask, observeOver, shellProbes } from '../run-script.js';

/** Real systemd, real sockets: what the units and sockets of a lab machine are. */
const lab = await startLab();
const skip = 'skip' in lab && lab.skip;

async function observe(lab: Lab, resource: Resource, queries: readonly Query[]) {
  const found = new Map<string, unknown>();
  for (const probe of shellProbes(resource, queries)) {
    const { status, stdout, stderr } = await machine(lab, 'staging').run(probe.script.raw);
    const output = { exit: status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false };
    t.ok(probe.exits === 'any' || probe.exits.includes(status), `exit status ${status}: ${stderr}`);
    for (const [id, observation] of probe.parse(output)) {
      found.set(id, observation.status === 'known' ? observation.readings : observation);
    }
  }
  return found;
}

t.test('units of every kind', { skip }, async (t) => {
  if ('skip' in lab) return;
  const expectations: readonly [name: string, expected: Record<string, unknown>, user?: string][] = [
    ['nginx.service', { active: true, enabled: true, healthy: true, restarts: 0 }],
    ['worker.service', { healthy: true, type: 'notify', 'status-text': 'serving 3 queues', condition: true }],
    ['crash-loop.service', { healthy: false, enabled: true }],
    ['fails.service', { healthy: false, active: false, state: 'failed', result: 'exit-code', 'exit-status': Number }],
    ['on-metal.service', { healthy: true, active: false, enabled: true, condition: false }],
    ['migrate.service', { healthy: true, active: true, 'exit-status': 0 }],
    ['tidy.service', { healthy: true, active: false, 'exit-status': 0, result: 'success' }],
    ['backup.service', { healthy: true, enabled: true, active: false, 'triggered-by': ['backup.timer'] }],
    ['backup.timer', { healthy: true, result: 'success', triggers: ['backup.service'], 'since-last-trigger': Number }],
    ['proxy.service', { healthy: true, enabled: true, 'triggered-by': ['proxy.socket'] }],
    ['proxy.socket', { active: true, listen: ['127.0.0.1:8080'], triggers: ['proxy.service'], result: 'success' }],
    ['greeter.socket', { listen: ['/run/greeter.sock', '127.0.0.1:7000'] }],
    ['inbox.service', { healthy: true, enabled: true, 'triggered-by': ['inbox.path'] }],
    ['idle.service', { healthy: false, enabled: false, active: false }],
    ['shard@one.service', { active: true, 'fragment-path': '/etc/systemd/system/shard@.service' }],
    ['srv-data.mount', { active: true, healthy: true, enabled: true, type: 'tmpfs', result: 'success' }],
    ['proc-sys-fs-binfmt_misc.automount', { active: false, condition: false, healthy: true, triggers: [/\.mount$/] }],
    ['inbox.path', { active: true, healthy: true, enabled: true, 'sub-state': 'waiting' }],
    [
      'multi-user.target',
      { active: true, healthy: true, enabled: true, uptime: Number, result: { noReading: 'absent' } },
    ],
    ['system.slice', { active: true, healthy: true }],
    [
      'dbus-org.freedesktop.login1.service',
      { active: true, healthy: true, 'fragment-path': /systemd-logind\.service$/ },
    ],
    ['shard@never-started.service', { active: false, healthy: false, exists: undefined }],
    ['edited.service', { 'needs-reload': Boolean }],
    ['heartbeat.service', { active: true, enabled: true, healthy: true }, 'app'],
    ['nginx.service', { status: 'absent', reason: 'systemd knows no nginx.service' }, 'app'],
    ['no-such.service', { status: 'absent', reason: 'systemd knows no no-such.service' }],
    ['console-getty.service', { 'load-state': 'masked', enabled: false, healthy: false }],
  ];
  const queries = expectations.map(([name, expected, user]) => {
    const wanted = 'status' in expected ? ['active', 'healthy'] : Object.keys(expected);
    return ask(unit, name, wanted, user === undefined ? {} : { user });
  });
  const found = await observe(lab, unit, queries);
  for (const [at, query] of queries.entries()) t.match(found.get(query.id), expectations[at]?.[1] ?? {}, query.id);
});

t.test('a crash loop is never healthy, whenever one looks', { skip }, async (t) => {
  if ('skip' in lab) return;
  const states = new Set<unknown>();
  for (let look = 0; look < 12; look += 1) {
    const query = ask(unit, 'crash-loop.service', ['healthy', 'state']);
    const readings = (await observe(lab, unit, [query])).get(query.id) as Record<string, unknown>;
    t.equal(readings.healthy, false, String(readings.state));
    states.add(readings.state);
    await new Promise((resolve) => setTimeout(resolve, 350));
  }
  t.ok(states.has('active'), 'it was active in some look');
});

t.test('a timer that counts from its start, a mount that cannot be mounted', { skip }, async (t) => {
  if ('skip' in lab) return;
  const staging = machine(lab, 'staging');
  await staging.sh(
    "systemd-run --quiet --unit='nixspec\\x2dcount' --on-active=1h --timer-property=AccuracySec=1s true",
  );
  const brokenUnit = '/run/systemd/system/run-nixspec\\x2dbroken.mount';
  const lines = ['[Mount]', 'What=/srv/files/no-image', 'Where=/run/nixspec-broken', 'Type=ext4'];
  await staging.sh(`printf '%s\\n' '${lines.join("' '")}' >'${brokenUnit}'`);
  await staging.run("systemctl start 'run-nixspec\\x2dbroken.mount'");
  t.teardown(() =>
    staging.run(`systemctl stop 'nixspec\\x2dcount.timer'
      systemctl reset-failed 'run-nixspec\\x2dbroken.mount'; rm -r '${brokenUnit}' /run/nixspec-broken`),
  );
  const counting = ask(unit, 'nixspec\\x2dcount.timer', [
    'next-trigger',
    'last-trigger',
    'since-last-trigger',
    'enabled',
  ]);
  const started = ask(unit, 'nixspec\\x2dcount.service', ['triggered-by', 'healthy', 'enabled']);
  const found = await observe(lab, unit, [counting, started]);
  const { 'next-trigger': next, ...timer } = found.get(counting.id) as Record<string, unknown>;
  const inAnHour = Date.now() / 1000 + 3600;
  t.ok(Math.abs(Number(next) - inAnHour) < 10, `${next} is about ${inAnHour}`);
  const never = { noReading: 'absent', reason: 'it has never triggered' };
  t.same(timer, { 'last-trigger': never, 'since-last-trigger': never, enabled: false });
  t.same(found.get(started.id), { 'triggered-by': ['nixspec\\x2dcount.timer'], healthy: true, enabled: true });
  const broken = ask(unit, 'run-nixspec\\x2dbroken.mount', ['state', 'result', 'healthy']);
  const readings = (await observe(lab, unit, [broken])).get(broken.id);
  t.match(readings, { state: 'failed', healthy: false, result: 'exit-code' });
});

t.test('units of a user, for root, for the user and for somebody else', { skip }, async (t) => {
  if ('skip' in lab) return;
  const query = ask(unit, 'heartbeat.service', ['active', 'healthy'], { user: 'app' });
  const idle = ask(unit, 'heartbeat.service', ['active'], { user: 'nobody' });
  const well = { status: 'known', readings: { active: true, healthy: true } };
  const denied = { status: 'unknown', reason: /only root and the user may ask it/ };
  for (const [login, expected] of [
    ['root@staging', well],
    ['app@staging', well],
    ['deploy@staging', denied],
  ] as const) {
    const [observation, other] = observeOver(lab.sshConfig, login, unit, [query, idle]);
    t.match(observation, expected, login);
    t.match(other, { status: 'unknown', reason: /has no running manager: not logged in/ }, login);
  }
});

t.test('wildcards: loaded units and unit files, no templates, nothing masked', { skip }, async (t) => {
  if ('skip' in lab) return;
  const staging = machine(lab, 'staging');
  const folder = '/run/systemd/system';
  await staging.sh(`for name in a b; do
    printf '[Service]\\nType=oneshot\\nExecStart=true\\n' >${folder}/nixspec-wild-$name.service
  done
  cp ${folder}/nixspec-wild-a.service ${folder}/nixspec-wild-t@.service
  ln -s /dev/null ${folder}/nixspec-wild-m.service
  ln -s nixspec-wild-a.service ${folder}/nixspec-wild-z.service
  systemctl daemon-reload`);
  t.teardown(() => staging.sh(`rm ${folder}/nixspec-wild-*; systemctl daemon-reload`));
  const all = ask(unit, 'nixspec-wild-*.service', ['count', 'active']);
  const none = ask(unit, 'nixspec-wild-*.timer', ['count', 'active']);
  const user = ask(unit, 'heart*.service', ['count', 'active'], { user: 'app' });
  for (const login of ['root@staging', 'app@staging'] as const) {
    const [several, nothing, own] = observeOver(lab.sshConfig, login, unit, [all, none, user]);
    t.match(several, { status: 'several', readings: { count: 2 } }, login);
    t.match(nothing, { status: 'several', readings: { count: 0, exists: false } }, login);
    t.match(own, { status: 'several', readings: { count: 1 } }, login);
    const members = several?.status === 'several' ? [...several.members] : [];
    t.match(
      members.map(([name, member]) => [name, member]),
      [
        ['nixspec-wild-a.service', { readings: { active: false } }],
        ['nixspec-wild-b.service', { readings: { active: false } }],
      ],
      login,
    );
  }
});

t.test('whose the ports are', { skip }, async (t) => {
  if ('skip' in lab) return;
  const all = ['addresses', 'processes', 'users', 'unit'];
  const expectations = {
    'tcp:443': { processes: ['nginx'], users: ['root', 'www-data'], unit: 'nginx.service' },
    'tcp:5432': { addresses: ['127.0.0.1', '::1'], processes: ['postgres'], users: ['postgres'] },
    'tcp:8080': { addresses: ['127.0.0.1'], unit: /^proxy\.(socket|service)$/ },
    'tcp:7000': { unit: 'greeter.socket' },
    'udp:51820': { listening: true },
    'tcp:9': { listening: false, exists: false },
  };
  const queries = Object.keys(expectations).map((subject) => ask(port, subject, all));
  const found = await observe(lab, port, queries);
  for (const query of queries) t.match(found.get(query.id), expectations[query.subject as 'tcp:443'], query.id);
});

t.test('whatever systemctl show tells', { skip }, async (t) => {
  if ('skip' in lab) return;
  const properties = ['User', 'Type', 'LimitNOFILE', 'NoSuchThing'];
  const query = ask(unit, 'worker.service', ['properties'], { properties });
  const found = await observe(lab, unit, [query]);
  t.match(found.get(query.id), { properties: { User: 'worker', Type: 'notify', LimitNOFILE: /^\d+$/ } });
  t.notMatch(found.get(query.id), { properties: { NoSuchThing: String } });
});

t.test('sockets in the file system', { skip }, async (t) => {
  if ('skip' in lab) return;
  const paths = ['/run/greeter.sock', '/run/postgresql/.s.PGSQL.5432', '/run/nosuch.sock'];
  const queries = paths.map((path) => ask(port, `unix:${path}`, ['listening', 'unit', 'users']));
  const found = await observe(lab, port, queries);
  t.match(
    queries.map(({ id }) => found.get(id)),
    [
      { listening: true, unit: 'greeter.socket', users: ['root'] },
      { listening: true, unit: /^postgresql/, users: ['postgres'] },
      { listening: false, exists: false },
    ],
  );
});
