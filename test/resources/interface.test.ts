import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import network from '../../src/resources/interface.js';
import { ask, observe, read, shellProbes } from '../run-script.js';

const everything = ['up', 'addresses', 'mtu', 'mac'];

/** As iproute2 6.1 prints them, without what is not read. */
const ether = { flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'], mtu: 1500, operstate: 'UP', link_type: 'ether' };
const links: readonly object[] = [
  {
    ...{ ifname: 'lo', flags: ['LOOPBACK', 'UP', 'LOWER_UP'], mtu: 65536, operstate: 'UNKNOWN', link_type: 'loopback' },
    address: '00:00:00:00:00:00',
    addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host', label: 'lo' }],
  },
  {
    ...{ ...ether, ifname: 'eth0', altnames: ['enp1s0', 'wg0'], address: '52:54:00:AB:34:56' },
    addr_info: [
      { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
      { family: 'inet6', local: '2001:db8::7', prefixlen: 64, temporary: true },
      { family: 'inet6', local: '2001:db8::8', prefixlen: 64, tentative: true },
      { family: 'inet6', local: '2001:db8::9', prefixlen: 64, tentative: true, optimistic: true },
      { family: 'inet6', local: '2001:db8::a', prefixlen: 64, dadfailed: true, tentative: true },
      { family: 'inet', local: '10.0.0.1', address: '10.0.0.2', prefixlen: 32 },
      {},
    ],
  },
  {
    ...{ ifname: 'wg0', flags: ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP'], mtu: 1420, operstate: 'UNKNOWN' },
    ...{ link_type: 'none', addr_info: [{ family: 'inet', local: '10.100.0.1', prefixlen: 24 }] },
  },
  { ...ether, ifname: 'unplugged', flags: ['NO-CARRIER', 'UP'], operstate: 'DOWN', address: '52:54:00:00:00:01' },
  { ...ether, ifname: 'quiet', flags: ['NO-CARRIER', 'UP'], operstate: 'UNKNOWN' },
  { ...ether, ifname: 'off', flags: ['BROADCAST'], operstate: 'DOWN', addr_info: [] },
  { ...ether, ifname: 'never', flags: ['BROADCAST'], operstate: 'UNKNOWN' },
  { ...ether, ifname: 'wifi', flags: ['UP', 'DORMANT'], operstate: 'DORMANT' },
  { ...ether, ifname: 'port', flags: ['UP', 'M-DOWN'], operstate: 'LOWERLAYERDOWN' },
  { ifname: 'sit0', flags: ['NOARP', 'UP'], operstate: 'UNKNOWN', link_type: 'sit', address: '10.0.0.1', mtu: 1480 },
  { ifname: 'odd' },
  {},
];

function look(name: string, stdout = JSON.stringify(links), wanted: readonly string[] = everything) {
  const query = ask(network, name, wanted);
  const observation = read(network, [query], { stdout }).get(query.id);
  if (observation?.status !== 'known') return observation;
  return Object.fromEntries(wanted.map((property) => [property, observation.readings[property]]));
}

t.test('subjects', async (t) => {
  for (const name of ['lo', 'eth0.100', 'br-lan', 'wg_0']) t.match(name, network.subject.pattern, name);
  for (const name of ['', '.', '..', 'eth0:1', 'eth0@if3', 'a b', 'a/b'])
    t.notMatch(name, network.subject.pattern, name);
});

t.test('what ip says', async (t) => {
  const noMac = { noReading: 'absent', reason: 'it has no hardware address' };
  const eth0 = {
    up: true,
    addresses: ['10.0.0.1/32', '2001:db8::7/64', '2001:db8::9/64', 'fe80::1/64'],
    mtu: 1500,
    mac: '52:54:00:ab:34:56',
  };
  for (const [name, expected] of [
    ['lo', { up: true, addresses: ['127.0.0.1/8'], mtu: 65536, mac: noMac }],
    ['eth0', eth0],
    ['enp1s0', eth0],
    // A name goes before an alternative name of another.
    ['wg0', { up: true, addresses: ['10.100.0.1/24'], mtu: 1420, mac: noMac }],
    ['unplugged', { up: false, addresses: [], mtu: 1500, mac: '52:54:00:00:00:01' }],
    ['sit0', { up: true, addresses: [], mtu: 1480, mac: noMac }],
    ['nosuch', { status: 'absent', reason: 'there is no interface called nosuch' }],
  ] as const) {
    t.same(look(name), expected, name);
  }
});

t.test('kinds, bridges and bonds, speeds', async (t) => {
  const deep = [
    { ifname: 'lo', link_type: 'loopback' },
    { ifname: 'eth0', link_type: 'ether', master: 'bond0' },
    { ifname: 'eth1', link_type: 'ether', master: 'bond0' },
    { ifname: 'bond0', link_type: 'ether', linkinfo: { info_kind: 'bond', info_data: { mode: '802.3ad' } } },
    { ifname: 'wg0', link_type: 'none', linkinfo: { info_kind: 'wireguard' } },
    { ifname: 'odd', linkinfo: {} },
  ];
  const speeds = '/sys/class/net/eth0/speed:1000\n/sys/class/net/eth1/speed:-1\n/sys/class/net/bond0/speed:\n';
  const wanted = ['kind', 'master', 'ports', 'bond-mode', 'speed'];
  const alone = { noReading: 'absent', reason: 'it belongs to no bridge or bond' };
  const noBond = { noReading: 'absent', reason: 'it is no bond' };
  const noSpeed = { noReading: 'unknown', reason: 'its driver does not tell: it has no wire, or is down' };
  const none = { master: alone, ports: [], 'bond-mode': noBond, speed: noSpeed };
  for (const [name, expected] of [
    ['lo', { ...none, kind: 'loopback' }],
    ['eth0', { ...none, kind: 'ethernet', master: 'bond0', speed: 1000 }],
    ['eth1', { ...none, kind: 'ethernet', master: 'bond0' }],
    ['bond0', { ...none, kind: 'bond', ports: ['eth0', 'eth1'], 'bond-mode': '802.3ad' }],
    ['wg0', { ...none, kind: 'wireguard' }],
    ['odd', { ...none, kind: { noReading: 'unknown', reason: 'ip does not tell its kind' } }],
  ] as const) {
    t.same(look(name, `${JSON.stringify(deep)}\n=speed\n${speeds}`, wanted), expected, name);
  }
  t.match(look('eth0', JSON.stringify(deep), ['speed']), { speed: noSpeed });
  const script = shellProbes(network, [ask(network, 'lo', wanted)])[0]?.script.raw;
  t.match(script, /\nip -json -details address show \|\| exit\n/);
});

t.test('what counts as up', async (t) => {
  for (const [name, up] of [
    ['quiet', false],
    ['off', false],
    ['never', false],
    ['wifi', false],
    ['port', false],
    ['odd', { noReading: 'unknown', reason: 'ip does not tell its state' }],
  ] as const) {
    t.same((look(name) as { up: unknown }).up, up, name);
  }
});

t.test('a broken answer is no answer', async (t) => {
  const nothing = { status: 'unknown', reason: 'ip told no interface, not even lo, as JSON' };
  for (const text of [
    '',
    '[]',
    '[{}]',
    'null',
    '{"ifname":"lo"}',
    '[{"ifname":1}]',
    JSON.stringify(links).slice(0, -1),
  ])
    t.same(look('lo', text), nothing, text.slice(0, 20));
});

t.test('a thousand interfaces are one process', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(network, `v${at}`, everything));
  const [probe, ...more] = shellProbes(network, queries);
  t.equal(more.length, 0);
  t.match(probe?.script.raw, /\nip -json address show$/);
});

const hasTool = spawnSync('ip', ['-V']).status === 0;

t.test('without ip', async (t) => {
  const [probe] = shellProbes(network, [ask(network, 'lo', everything)]);
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
  writeFileSync(join(folder, 'script'), `PATH=/nowhere\n${probe?.script.raw}`);
  const run = spawnSync('/bin/sh', [join(folder, 'script')], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  t.same([run.status, run.stderr], [127, 'ip is missing (iproute2)\n']);
});

t.test('the real lo', { skip: !hasTool && 'no iproute2' }, async (t) => {
  const query = ask(network, 'lo', everything);
  t.match(observe(network, [query]).get(query.id), { status: 'known', readings: { mtu: 65536 } });
});

const canMake = 'ip link add v0 type veth peer name v1 && ip tuntap add t0 mode tun';
const isolated = hasTool && spawnSync('unshare', ['-n', 'sh', '-c', canMake]).status === 0;

t.test(
  'real interfaces of every state',
  { skip: !isolated && 'no network namespace, veth and tun here' },
  async (t) => {
    const names = ['v0', 'v1', 't0', 'nosuch', 'its-alternative-name'];
    const queries = names.map((name) => ask(network, name, everything));
    const [probe] = shellProbes(network, queries);
    const make = `ip link add v0 type veth peer name v1 && ip link set v0 up && ip tuntap add t0 mode tun && ip link set t0 up
ip link set v1 up address 02:00:00:00:00:07 mtu 1400 addrgenmode none && ip link property add dev v1 altname its-alternative-name
ip address add 10.9.0.1 peer 10.9.0.2/30 dev v1 && ip address add fd00::1/64 nodad dev v1`;
    const run = spawnSync('unshare', ['-n', 'sh', '-c', `${make}\n${probe?.script.raw}`]);
    const observations = probe?.parse({ exit: 0, stdout: run.stdout, stderr: run.stderr, truncated: false });
    const v1 = { up: true, mtu: 1400, mac: '02:00:00:00:00:07', addresses: ['10.9.0.1/30', 'fd00::1/64'] };
    t.match(
      queries.map(({ id }) => observations?.get(id)),
      [
        { readings: { up: true, mtu: 1500 } },
        { readings: v1 },
        { readings: { up: false, addresses: [], mac: { noReading: 'absent' } } },
        { status: 'absent' },
        { readings: v1 },
      ],
    );
  },
);
