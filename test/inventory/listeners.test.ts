import t from 'tap';
import { compareListeners, readListeners } from '../../src/inventory/listeners.js';
import type { InventoryChange, InventoryListener } from '../../src/inventory-model.js';

function read(stdout: string, stderr = '') {
  return readListeners({ exit: 0, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false });
}

/** As root on one of the lab's machines, shortened. */
const recorded = `32768 60999
udp UNCONN 0 0 0.0.0.0:51820 0.0.0.0:* users:(("wireguard-go",pid=142,fd=14)) ino:1 sk:1 cgroup:/system.slice/wg.service <-> cgroup:/x
udp UNCONN 0 0 [::]:51820 [::]:* users:(("wireguard-go",pid=142,fd=15)) ino:2 sk:2 cgroup:/system.slice/wg.service v6only:1 <->
udp UNCONN 0 0 0.0.0.0:40000 0.0.0.0:* ino:3 sk:3 cgroup:unreachable:1 <->
udp UNCONN 0 0 0.0.0.0:41234 0.0.0.0:* users:(("unbound",pid=366,fd=9)) ino:4 sk:4 cgroup:/system.slice/unbound.service <->
udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:* users:(("systemd-networkd",pid=9,fd=9)) ino:5 sk:5 cgroup:/system.slice/systemd-networkd.service v6only:1 <->
tcp LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=3,fd=5),("nginx",pid=4,fd=5)) ino:6 sk:6 cgroup:/system.slice/nginx.service <->
tcp LISTEN 0 128 127.0.0.1:6010 0.0.0.0:* users:(("sshd-session",pid=7,fd=7)) ino:7 sk:7 cgroup:/user.slice/user-0.slice/session-4.scope <->
tcp LISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("nc",pid=8,fd=3)) ino:8 sk:8 cgroup:/user.slice/user-0.slice/session-4.scope <->
tcp LISTEN 0 4096 127.0.0.1:7000 0.0.0.0:* users:(("systemd",pid=1,fd=45)) ino:9 sk:9 cgroup:/init.scope <->
=caps 000001ffffffffff
=end
`;

t.test('what listens', async (t) => {
  t.same(read(recorded), {
    status: 'known',
    value: [
      { protocol: 'tcp', address: '0.0.0.0', port: 443, public: true, process: 'nginx', unit: 'nginx.service' },
      { protocol: 'tcp', address: '127.0.0.1', port: 7000, public: false, process: 'systemd' },
      { protocol: 'tcp', address: '0.0.0.0', port: 8080, public: true, process: 'nc' },
      // Held by the kernel itself, so somebody gave the port.
      { protocol: 'udp', address: '0.0.0.0', port: 40000, public: true },
      {
        protocol: 'udp',
        address: '0.0.0.0',
        port: 41234,
        public: true,
        process: 'unbound',
        unit: 'unbound.service',
        chosenByKernel: true,
      },
      // Bound to one port for both families, so somebody gave it.
      { protocol: 'udp', address: '0.0.0.0', port: 51820, public: true, process: 'wireguard-go', unit: 'wg.service' },
      { protocol: 'udp', address: '::', port: 51820, public: true, process: 'wireguard-go', unit: 'wg.service' },
    ],
  });
});

t.test('without root nobody knows who holds a socket', async (t) => {
  const found = read(recorded.replace(/ users:\S+/g, '').replace('000001ffffffffff', '0'));
  t.match(found, { status: 'known' });
  const high = found.status === 'known' ? found.value.filter(({ chosenByKernel }) => chosenByKernel) : [];
  t.same(
    high.map(({ port }) => port),
    [40000, 41234],
  );
});

t.test('could not look', async (t) => {
  for (const [name, stdout, stderr, reason] of [
    ['no ss', '32768 60999\n', 'ss is missing (iproute2)\n', 'ss is missing (iproute2)'],
    ['cut', recorded.slice(0, 500), '', 'the answer of ss is not whole'],
    ['cut at the end', recorded.slice(0, -3), '', 'the answer of ss is not whole'],
    ['nothing', '', '', 'the answer of ss is not whole'],
    ['no range', recorded.slice(recorded.indexOf('\n') + 1), '', 'the answer of ss is not whole'],
  ] as const) {
    t.same(read(stdout, stderr), { status: 'unknown', reason }, name);
  }
});

function socket(place: string, more: Partial<InventoryListener> = {}): InventoryListener {
  const [, protocol = '', address = '', port = ''] = /^(tcp|udp) (.*):(\d+)$/.exec(place) ?? [];
  const isPublic = !/^(127\.|::1$)/.test(address);
  return { protocol: protocol as 'tcp', address, port: Number(port), public: isPublic, ...more };
}

function say({ kind, subject, property, before, after, public: open }: InventoryChange): string {
  return [kind, subject, property, `${before ?? '-'} → ${after ?? '-'}`, open && 'public'].filter(Boolean).join(' ');
}

t.test('comparing', async (t) => {
  const nginx = { process: 'nginx', unit: 'nginx.service' };
  const rpc = { process: 'rpc.statd', unit: 'rpc-statd.service' };
  const all = [socket('tcp 0.0.0.0:80', nginx), socket('tcp :::80', nginx)];
  const rows: readonly (readonly [
    string,
    readonly InventoryListener[],
    readonly InventoryListener[],
    readonly string[],
  ])[] = [
    ['the same', all, [...all].reverse(), []],
    ['opened, on two addresses', [], all, ['opened tcp:80 - → 0.0.0.0, :: · nginx (nginx.service) public']],
    ['opened on loopback', [], [socket('tcp 127.0.0.1:80')], ['opened tcp:80 - → 127.0.0.1']],
    ['closed', all, [], ['closed tcp:80 0.0.0.0, :: · nginx (nginx.service) → -']],
    [
      'now from outside',
      [socket('tcp 127.0.0.1:5432')],
      [socket('tcp 127.0.0.1:5432'), socket('tcp 0.0.0.0:5432')],
      ['changed tcp:5432 addresses 127.0.0.1 → 0.0.0.0, 127.0.0.1 public'],
    ],
    [
      'another unit',
      [socket('tcp 0.0.0.0:80', nginx)],
      [socket('tcp 0.0.0.0:80', { process: 'caddy', unit: 'caddy.service' })],
      ['changed tcp:80 unit 0.0.0.0 · nginx (nginx.service) → 0.0.0.0 · caddy (caddy.service)'],
    ],
    [
      'a process under another name',
      [socket('tcp 0.0.0.0:22', { process: 'sshd' })],
      [socket('tcp 0.0.0.0:22', { process: 'sshd-listener' })],
      [],
    ],
    [
      'systemd hands a socket over',
      [socket('tcp 0.0.0.0:80', { process: 'systemd' })],
      [socket('tcp 0.0.0.0:80', nginx)],
      [],
    ],
    ['holders that may not be seen', all, [socket('tcp 0.0.0.0:80'), socket('tcp :::80')], []],
    ['chosen by the kernel', [], [socket('udp 0.0.0.0:41234', { chosenByKernel: true })], []],
    ['another high port of one holder', [socket('tcp 0.0.0.0:40001', rpc)], [socket('tcp 0.0.0.0:50002', rpc)], []],
    [
      'a low port',
      [socket('tcp 0.0.0.0:4001', rpc)],
      [socket('tcp 0.0.0.0:5002', rpc)],
      [
        'opened tcp:5002 - → 0.0.0.0 · rpc.statd (rpc-statd.service) public',
        'closed tcp:4001 0.0.0.0 · rpc.statd (rpc-statd.service) → -',
      ],
    ],
    [
      'another holder',
      [socket('tcp 0.0.0.0:40001', rpc)],
      [socket('tcp 0.0.0.0:50002', nginx)],
      [
        'opened tcp:50002 - → 0.0.0.0 · nginx (nginx.service) public',
        'closed tcp:40001 0.0.0.0 · rpc.statd (rpc-statd.service) → -',
      ],
    ],
    [
      'one high port more',
      [socket('tcp 0.0.0.0:40001', rpc)],
      [socket('tcp 0.0.0.0:40001', rpc), socket('tcp 0.0.0.0:50002', rpc)],
      ['opened tcp:50002 - → 0.0.0.0 · rpc.statd (rpc-statd.service) public'],
    ],
    ['an IPv6 address that a router gave', [socket('tcp 2001:db8::1:53')], [socket('tcp 2001:db8::2:53')], []],
    [
      'another IPv4 address',
      [socket('tcp 10.0.0.1:53')],
      [socket('tcp 10.0.0.2:53')],
      ['changed tcp:53 addresses 10.0.0.1 → 10.0.0.2'],
    ],
    [
      'udp is not tcp',
      [socket('udp 0.0.0.0:53')],
      [socket('udp 0.0.0.0:53'), socket('tcp 127.0.0.1:53')],
      ['opened tcp:53 - → 127.0.0.1'],
    ],
  ];
  for (const [name, before, after, expected] of rows)
    t.same(compareListeners(before, after, true).map(say), expected, name);
});

t.test('two machines have two addresses', async (t) => {
  t.same(compareListeners([socket('tcp 10.0.0.1:53')], [socket('tcp 10.0.0.2:53')], false), []);
  t.same(compareListeners([socket('tcp 10.0.0.1:53')], [socket('tcp 0.0.0.0:53')], false).map(say), [
    'changed tcp:53 addresses an IPv4 address → 0.0.0.0',
  ]);
});
