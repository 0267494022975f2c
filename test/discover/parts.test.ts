import t from 'tap';
import { Answers } from '../../src/discover/answers.js';
import type { Findings, Part } from '../../src/discover/finding.js';
import type { ListedUnit } from '../../src/discover/listed-units.js';
import type { Listing } from '../../src/discover/listing.js';
import { machinePart } from '../../src/discover/machine.js';
import { mountsPart } from '../../src/discover/mounts.js';
import { portsPart } from '../../src/discover/ports.js';
import { timersPart } from '../../src/discover/timers.js';
import { tunnelsPart } from '../../src/discover/tunnels.js';
import { unitsPart } from '../../src/discover/units.js';
import { usersPart } from '../../src/discover/users.js';
import type { Value } from '../../src/model.js';
import { absent, absentReading, known, unknown, unknownReading } from '../../src/resource.js';
import type { ListeningSocket } from '../../src/sockets.js';

/** What is found where a listing is this and the resource types answer that: the pure half of discovery. */
const basics = {
  root: true,
  memory: 4 * 1024 ** 3,
  ephemeral: [32_768, 60_999] as const,
  users: [],
  shells: [],
  mounts: [],
  tunnels: [],
};

function listing(more: Partial<Listing> = {}): Listing {
  return { basics, units: [], sockets: { sockets: [], seesAll: true }, names: [], unseen: [], ...more };
}

type Told = { readonly [subject: string]: Parameters<typeof known>[0] | undefined };

/** @param told readings by subject; what is not there is absent */
function find(part: Part, list: Listing, told: Told): Findings {
  const answers = new Answers();
  for (const query of part.questions(list, answers)) {
    const readings = told[query.subject];
    answers.add(query, readings === undefined ? absent('not there') : known(readings as { [name: string]: Value }));
  }
  return part.describe(list, answers);
}

const entriesOf = ({ entries }: Findings) =>
  entries.map(({ group, subject, expects }) => `${group}: ${subject} ${JSON.stringify(expects)}`);
const remarksOf = ({ remarks }: Findings) => remarks.map(({ text, about }) => `${text}: ${about.join(', ')}`);

function unit(name: string, more: Partial<ListedUnit> = {}): ListedUnit {
  return { name, loaded: true, transient: false, triggers: [], ...more };
}

const running = {
  ...{ active: true, enabled: true, healthy: true, state: 'active', type: 'notify', condition: true, restarts: 0 },
  ...{ 'wanted-by': ['multi-user.target'], 'triggered-by': [], result: 'success', 'unit-file-state': 'enabled' },
};
const ended = { ...running, active: false, state: 'inactive', type: 'oneshot', 'exit-status': 0 };

t.test('units', async (t) => {
  const told: Told = {
    'web.service': running,
    'crashing.service': { ...running, active: false, healthy: false, state: 'activating', restarts: 7 },
    'crashed.service': { ...running, healthy: false, restarts: 7 },
    'failed.service': { ...running, active: false, healthy: false, state: 'failed' },
    'manual.service': { ...running, enabled: false },
    'stopped.service': { ...running, active: false, healthy: false, state: 'inactive' },
    'setup.service': ended,
    'metal.service': { ...ended, condition: false },
    'never.service': { ...ended, condition: absentReading('never started') as unknown as Value },
    'helper.service': { ...running, 'triggered-by': ['helper.socket'] },
    'resting.service': { ...running, active: false, state: 'inactive', 'triggered-by': ['resting.socket'] },
    'asked.service': { ...running, type: 'dbus', 'wanted-by': [], 'unit-file-state': 'static' },
    'helper.socket': running,
    'idle.service': { ...running, active: false, enabled: false, healthy: false, state: 'inactive' },
    'x@1:2.service': running,
    'dot.mount.service': running,
    'job.service': ended,
  };
  const units = [
    ...Object.keys(told).map((name) => unit(name)),
    unit('systemd-journald.service'),
    unit('run-u1.service', { transient: true }),
    unit('gone.service', { loaded: false }),
    unit('web@3-12-400-0.service'),
    unit('web@1-10.0.0.1:22-10.0.0.2:4242.service'),
    unit('job.timer', { triggers: ['job.service'] }),
  ];
  const found = find(unitsPart, listing({ units }), told);
  const well = '{"active":true,"enabled":true,"healthy":true}';
  t.same(
    entriesOf(found),
    [
      `services: dot.mount.service ${well}`,
      'triggers: helper.socket {"active":true,"enabled":true}',
      'services: helper {"enabled":true,"healthy":true}',
      'oneshots: setup {"enabled":true,"healthy":true}',
      `services: web ${well}`,
      `services: x@1:2 ${well}`,
    ].sort((a, b) => order(a) - order(b)),
  );
  t.same(remarksOf(found), [
    'Not well when looked at (failed, crashing or not started), so not asserted: crashed, crashing, failed',
    'Would be started by themselves, but are not active, so not asserted: stopped',
    'Active, but nothing starts them after a boot, so not asserted: manual',
  ]);

  /** They come in the order of the full names. */
  function order(line: string): number {
    return ['dot.mount', 'helper {', 'helper.socket', 'setup', 'web', 'x@'].findIndex((word) =>
      line.includes(` ${word}`),
    );
  }
});

t.test('timers', async (t) => {
  const timer = { active: true, enabled: true, 'since-last-trigger': 100 };
  const found = find(
    timersPart,
    listing({
      units: [
        unit('hourly.timer', { triggers: ['hourly.service'], longestPause: 3600 }),
        unit('fresh.timer', { triggers: ['fresh.service'], longestPause: 86_400 }),
        unit('boot.timer', { triggers: ['boot.service'] }),
        unit('off.timer', { triggers: ['off.service'], longestPause: 60 }),
        unit('bad.timer', { triggers: ['bad.service'], longestPause: 86_400 }),
        unit('systemd-tmpfiles-clean.timer'),
      ],
    }),
    {
      'hourly.timer': timer,
      'hourly.service': ended,
      'fresh.timer': { ...timer, 'since-last-trigger': absentReading('never') as unknown as Value },
      'fresh.service': { ...ended, 'exit-status': absentReading('never ran') as unknown as Value },
      'boot.timer': timer,
      'boot.service': ended,
      'off.timer': { ...timer, active: false },
      'bad.timer': timer,
      'bad.service': { ...ended, result: 'exit-code' },
    },
  );
  t.same(entriesOf(found), [
    'timers: bad.timer {"active":true,"enabled":true,"since-last-trigger":{"le":"26h"}}',
    'timers: boot.timer {"active":true,"enabled":true}',
    'timers: boot {"result":"success"}',
    'timers: fresh.timer {"active":true,"enabled":true}',
    'timers: hourly.timer {"active":true,"enabled":true,"since-last-trigger":{"le":"65m"}}',
    'timers: hourly {"result":"success"}',
  ]);
  t.same(remarksOf(found), ['Started by a timer, and ended badly the last time: bad']);
});

function socket(
  protocol: 'tcp' | 'udp',
  address: string,
  port: number,
  more: Partial<ListeningSocket> = {},
): ListeningSocket {
  const loopback = address.startsWith('127.') || address === '::1';
  const holders = [{ name: 'daemon', pid: 100, unit: 'daemon.service' }];
  return {
    protocol,
    address,
    port,
    servesV4: !address.includes(':'),
    servesV6: address.includes(':'),
    loopback,
    holders,
    ...more,
  };
}

t.test('ports', async (t) => {
  const sockets = [
    socket('tcp', '::', 443),
    socket('tcp', '0.0.0.0', 443),
    socket('tcp', '127.0.0.1', 5432),
    socket('tcp', '192.0.2.1', 25),
    socket('tcp', '0.0.0.0', 9000),
    socket('udp', '0.0.0.0', 51_820, { holders: [] }),
    socket('udp', '0.0.0.0', 40_000),
    socket('udp', '0.0.0.0', 53),
    socket('tcp', '127.0.0.1', 6010, { madeBy: 'session-3.scope', holders: [] }),
    socket('tcp', '127.0.0.1', 40_001),
    socket('tcp', '0.0.0.0', 40_002),
  ];
  const told = (name: string, addresses: readonly string[]) => ({ unit: name, addresses });
  const found = find(portsPart, listing({ sockets: { sockets, seesAll: true } }), {
    'tcp:443': told('nginx.service', ['0.0.0.0', '::']),
    'tcp:5432': told('postgresql.service', ['127.0.0.1']),
    'tcp:25': { addresses: ['192.0.2.1'], unit: unknownReading('dark') as unknown as Value },
    'tcp:9000': told('docker-0123abcd.scope', ['0.0.0.0']),
    'tcp:40002': told('torrent.service', ['0.0.0.0']),
    'udp:51820': { addresses: ['0.0.0.0'], unit: absentReading('kernel') as unknown as Value },
    'udp:53': told('unbound.service', ['0.0.0.0']),
  });
  t.same(entriesOf(found), [
    'public-ports: tcp:25 {"listening":true}',
    'public-ports: tcp:443 {"unit":"nginx.service"}',
    'local-ports: tcp:5432 {"unit":"postgresql.service","addresses":["127.0.0.1"]}',
    'public-ports: tcp:9000 {"listening":true}',
    'public-ports: tcp:40002 {"unit":"torrent.service"}',
    'public-ports: udp:53 {"unit":"unbound.service"}',
    'public-ports: udp:51820 {"listening":true}',
    'listeners:  {"public-tcp":["192.0.2.1:25","0.0.0.0:443","[::]:443","0.0.0.0:9000","0.0.0.0:40002"],' +
      '"public-udp":{"contain-elements":["0.0.0.0:53","0.0.0.0:51820"]}}',
  ]);
  t.match(remarksOf(found), [/^Listen on loopback, on ports that the kernel gave out .*: daemon\.service$/]);
  t.same(entriesOf(find(portsPart, listing(), {})), [], 'no sockets: nothing is said of listeners');
});

t.test('link-local addresses are others after each start', async (t) => {
  const sockets = [
    socket('tcp', '10.0.0.1', 53),
    socket('tcp', 'fe80::48b5:8139:ea0e:f033%wg0', 53),
    socket('udp', 'fe80::48b5:8139:ea0e:f033%wg0', 53),
  ];
  const { entries } = find(portsPart, listing({ sockets: { sockets, seesAll: true } }), {});
  const listeners = entries.filter(({ resource }) => resource === 'listeners');
  t.same(
    listeners.map(({ params, expects }) => ({ ...params, ...expects })),
    [{ exclude: ['[fe80:*]:*'], 'public-tcp': ['10.0.0.1:53'] }],
  );
});

t.test('the machine', async (t) => {
  const told = {
    state: 'running',
    'failed-units': [],
    hostname: 'web',
    'reboot-needed': false,
    'current-is-profile': true,
  };
  const found = find(machinePart, listing(), { '': { ...told, 'clock-offset': 0.01, 'memory-available': 2e9 } });
  t.same(entriesOf(found), [
    'machine:  {"state":"running","failed-units":[],"hostname":"web","reboot-needed":false,"current-is-profile":true,' +
      '"clock-offset":{"le":"1s"},"memory-available":{"ge":"256MiB"}}',
  ]);
  const ill = { state: 'degraded', 'failed-units': ['a.service'], 'reboot-needed': true, 'current-is-profile': false };
  const sick = find(machinePart, listing(), { '': { ...ill, 'clock-offset': 3, 'memory-available': 1e8 } });
  t.same(entriesOf(sick), ['machine:  {"failed-units":{"have-len":{"le":1}}}']);
  t.equal(sick.remarks.length, 3);
});

t.test('mounts', async (t) => {
  const mount = (point: string, filesystem: string) => ({ point, filesystem, source: 'x', options: [] });
  const mounts = [
    mount('/', 'ext4'),
    mount('/nix/store', 'ext4'),
    mount('/var', 'btrfs'),
    mount('/home', 'btrfs'),
    mount('/full', 'xfs'),
    mount('/run/user/0', 'tmpfs'),
    mount('/proc', 'proc'),
    mount('/srv/a b', 'tmpfs'),
    mount('/var/lib/docker/overlay2/x', 'overlay'),
    mount('/elsewhere', 'overlay'),
  ];
  const told = (
    filesystem: string,
    usage: number,
    source: string,
    options: readonly string[] = ['rw', 'relatime'],
  ) => ({
    ...{ filesystem, usage, source, options },
  });
  const found = find(mountsPart, listing({ basics: { ...basics, mounts } }), {
    '/': told('ext4', 20, '/dev/vda1'),
    '/var': told('btrfs', 91, '/dev/vdb', ['noexec', 'nosuid', 'rw']),
    '/home': told('btrfs', 91, '/dev/vdb'),
    '/full': told('xfs', 99, '/dev/vdc'),
    '/srv/a b': told('tmpfs', 0, 'tmpfs'),
  });
  t.same(entriesOf(found), [
    'mounts: / {"filesystem":"ext4","usage":{"le":"90%"}}',
    'mounts: /full {"filesystem":"xfs"}',
    'mounts: /home {"filesystem":"btrfs","usage":{"le":"95%"}}',
    'mounts: /srv/a b {"filesystem":"tmpfs","usage":{"le":"90%"}}',
    'mounts: /var {"filesystem":"btrfs","options":{"contain-elements":["noexec","nosuid"]}}',
  ]);
  t.same(remarksOf(found), ['Nearly full, so that no bound is asserted: /full']);
});

t.test('users', async (t) => {
  const users = [
    { name: 'root', shell: '/run/current-system/sw/bin/bash' },
    { name: 'alice', shell: '/opt/own-shell' },
    { name: 'nobody', shell: '/run/current-system/sw/bin/nologin' },
    { name: 'sync', shell: '/bin/sync' },
    { name: '-rf', shell: '/bin/sh' },
  ];
  const found = find(usersPart, listing({ basics: { ...basics, users, shells: ['/opt/own-shell'] } }), {
    root: { shell: '/run/current-system/sw/bin/bash', groups: ['root'], locked: true },
    alice: { shell: '/opt/own-shell', groups: ['users', 'wheel'], locked: false },
  });
  t.same(entriesOf(found), [
    'users: alice {"shell":"/opt/own-shell","groups":["users","wheel"]}',
    'users: root {"shell":"/run/current-system/sw/bin/bash","groups":["root"],"locked":true}',
  ]);
});

t.test('tunnels', async (t) => {
  const peer = { 'allowed-ips': ['10.0.0.2/32'], fresh: true, handshaken: true, received: 12, endpoint: '192.0.2.1:1' };
  const none = absentReading('it is off') as unknown as Value;
  const peers = {
    b: { ...peer, keepalive: 25 },
    a: { ...peer, keepalive: none },
    c: { ...peer, fresh: false, keepalive: 25 },
  };
  const found = find(tunnelsPart, listing({ basics: { ...basics, tunnels: ['wg0', 'wg1', 'x y'] } }), {
    wg0: { 'listening-port': 51_820, 'public-key': 'k', peers },
  });
  t.same(entriesOf(found), [
    'tunnels: wg0 {"listening-port":51820,"public-key":"k","peers":{"a":{"allowed-ips":["10.0.0.2/32"]},' +
      '"b":{"allowed-ips":["10.0.0.2/32"],"fresh":true},"c":{"allowed-ips":["10.0.0.2/32"]}}}',
  ]);
  t.same(remarksOf(found), ['Keepalive is on, but no handshake for 180 s: wg0 c']);
});

t.test('what could not be told is counted by its reason', async (t) => {
  const answers = new Answers();
  const list = listing({
    basics: { ...basics, users: ['a', 'b', 'c', 'd'].map((name) => ({ name, shell: '/bin/sh' })) },
  });
  for (const query of usersPart.questions(list, answers)) {
    answers.add(
      query,
      known({ shell: '/bin/sh', groups: [], locked: unknownReading('only root') as unknown as Value }),
    );
  }
  for (const query of machinePart.questions(list, answers)) answers.add(query, unknown('dark'));
  t.same(
    answers
      .unseen()
      .map(({ resource, properties, subjects, reason }) => [resource, properties.length, subjects.length, reason]),
    [
      ['user', 1, 4, 'only root'],
      ['system', 7, 1, 'dark'],
    ],
  );
});
