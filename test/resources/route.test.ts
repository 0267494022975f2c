import t from 'tap';
import route from '../../src/resources/route.js';
import { ask, read, shellProbes } from '../run-script.js';

const everything = Object.keys(route.properties);
const v4 = [
  '{"dst":"default","gateway":"192.0.2.1","dev":"eth0","protocol":"dhcp","prefsrc":"192.0.2.10","metric":1024,"flags":[]}',
  '{"dst":"default","gateway":"192.0.2.9","dev":"eth1","protocol":"static","metric":2048,"flags":[]}',
  '{"dst":"10.100.0.0/24","dev":"wg0","protocol":"kernel","scope":"link","prefsrc":"10.100.0.1","flags":[]}',
  '{"dst":"10.9.0.1","via":{"family":"inet6","host":"fe80::1"},"dev":"eth0","protocol":"bird","flags":[]}',
  '{"dst":"198.51.100.0/24","protocol":"static","flags":[],"nexthops":[{"gateway":"192.0.2.2","dev":"eth1","weight":1,"flags":[]},{"gateway":"192.0.2.1","dev":"eth0","weight":1,"flags":[]}]}',
  '{"type":"blackhole","dst":"203.0.113.0/24","flags":[]}',
  '{}',
].join(',');
const v6 = '{"dst":"default","gateway":"fe80::1","dev":"eth0","protocol":"ra","metric":100,"flags":[]}';
const tables = `[${v4}]\n\n=0\n[${v6},{"dst":"fe80::/64","dev":"a","metric":256},{"dst":"fe80::/64","dev":"b","metric":256}]\n\n=0\n`;
const absent = (reason: string) => ({ noReading: 'absent', reason });
const direct = absent('the destination is connected directly');

function look(subject: string, recorded: object, params: Record<string, string> = {}) {
  const query = ask(route, route.subject.normalize?.(subject) ?? subject, everything, params);
  return read(route, [query], recorded).get(query.id);
}

t.test('subjects', async (t) => {
  for (const [written, canonical] of [
    ['0.0.0.0/0', 'default'],
    ['default', 'default'],
    ['::/0', '::/0'],
    ['FD00:0:0::0/48', 'fd00::/48'],
    ['2001:DB8::1', '2001:db8::1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
  ] as const) {
    t.match(written, route.subject.pattern);
    t.equal(route.subject.normalize?.(written), canonical);
  }
  for (const written of ['', 'eth0', '10.0.0', 'default6', '10.0.0.0/8 dev x', '1.1.1.1\nroute flush']) {
    t.notMatch(written, route.subject.pattern, written);
  }
});

t.test('one `ip` for each family of a table, and one for all addresses', async (t) => {
  const some = ['default', '::/0', '10.0.0.0/8', '192.0.2.1', '192.0.2.2', '::1'];
  const queries = [
    ...some.map((subject) => ask(route, subject, everything)),
    ask(route, 'default', [], { table: '7' }),
  ];
  const [probe, ...more] = shellProbes(route, queries);
  t.strictSame(more, []);
  t.equal(probe?.script.raw.match(/^.*\bip -/gm)?.length, 5);
});

t.test('entries of a table', async (t) => {
  const hop = '192.0.2.1 dev eth0';
  for (const [subject, readings] of [
    [
      'default',
      {
        type: 'unicast',
        interface: 'eth0',
        gateway: '192.0.2.1',
        source: '192.0.2.10',
        'next-hops': [hop],
        metric: 1024,
        protocol: 'dhcp',
      },
    ],
    ['::/0', { interface: 'eth0', gateway: 'fe80::1', metric: 100, protocol: 'ra' }],
    ['10.100.0.0/24', { interface: 'wg0', gateway: direct, metric: 0, 'next-hops': ['dev wg0'] }],
    ['10.9.0.1/32', { gateway: 'fe80::1', 'next-hops': ['fe80::1 dev eth0'], protocol: 'bird' }],
    [
      '198.51.100.0/24',
      {
        'next-hops': [hop, '192.0.2.2 dev eth1'],
        interface: absent(`it has 2 next hops: ${hop}, 192.0.2.2 dev eth1`),
      },
    ],
    ['fe80::/64', { 'next-hops': ['dev a', 'dev b'], gateway: absent('it has 2 next hops: dev a, dev b') }],
    ['203.0.113.0/24', { type: 'blackhole', interface: absent('packets are not sent: blackhole'), 'next-hops': [] }],
  ] as const) {
    t.match(look(subject, { stdout: tables }), { status: 'known', readings }, subject);
  }
  t.strictSame(look('10.0.0.0/8', { stdout: tables }), {
    status: 'absent',
    reason: 'the table main has no route to 10.0.0.0/8',
  });
  const none = 'Error: ipv4: FIB table does not exist.\nDump terminated\n=2\n';
  t.strictSame(look('default', { stdout: '\n=2\n[]\n\n=0\n', stderr: none }, { table: '51820' }), {
    status: 'absent',
    reason: 'there is no table 51820',
  });
});

t.test('what is no answer', async (t) => {
  const wrong = 'Error: argument "nosuch" is wrong: table id value is invalid';
  t.strictSame(look('default', { stdout: '\n=255\n\n=255\n', stderr: `${wrong}\n=255\n` }, { table: 'nosuch' }), {
    status: 'unknown',
    reason: `ip gave no answer: ${wrong}`,
  });
  const cut = { status: 'unknown', reason: 'ip gave no answer: it was not run to its end' };
  for (const stdout of ['', '\n=0\n', '[{"dst":\n\n=0\n', `[${v4}]\n`, '{}\n=0\n']) {
    t.strictSame(look('default', { stdout }), cut, stdout);
  }
});

t.test('the way to addresses', async (t) => {
  const addresses = ['10.100.0.2', '8.8.8.8', 'fd00::1', '127.0.0.1', '203.0.113.1', '198.51.100.9', '192.0.2.77'];
  const queries = addresses.map((address) => ask(route, address, everything));
  const stdout = [
    '[{"dst":"10.100.0.2","dev":"wg0","prefsrc":"10.100.0.1","flags":[],"uid":0,"cache":[]}]',
    '[{"dst":"fd00::1","from":"::","gateway":"fe80::1","dev":"eth0","protocol":"ra","prefsrc":"fd00::2","metric":256,"flags":[]}]',
    '[{"type":"local","dst":"127.0.0.1","dev":"lo","prefsrc":"127.0.0.1","flags":[],"uid":0,"cache":["local"]}]',
    '',
    '=1',
    '',
  ].join('\n');
  const failed = (reason: string, line: number) => `RTNETLINK answers: ${reason}\nCommand failed -:${line}\n`;
  const stderr = [
    failed('Network is unreachable', 2),
    failed('Invalid argument', 5),
    failed('No route to host', 6),
    'Error: something else.\nCommand failed -:7\n',
    '=1\n',
  ].join('');
  const found = read(route, queries, { stdout, stderr });
  const none = absent('ip tells it of an entry in a table only');
  t.strictSame(
    queries.map(({ id }) => found.get(id)),
    [
      {
        status: 'known',
        readings: {
          type: 'unicast',
          interface: 'wg0',
          gateway: direct,
          source: '10.100.0.1',
          'next-hops': ['dev wg0'],
          metric: none,
          protocol: none,
        },
      },
      { status: 'absent', reason: 'there is no route to 8.8.8.8' },
      {
        status: 'known',
        readings: {
          type: 'unicast',
          interface: 'eth0',
          gateway: 'fe80::1',
          source: 'fd00::2',
          'next-hops': ['fe80::1 dev eth0'],
          metric: 256,
          protocol: 'ra',
        },
      },
      {
        status: 'known',
        readings: {
          type: 'local',
          interface: 'lo',
          gateway: direct,
          source: '127.0.0.1',
          'next-hops': ['dev lo'],
          metric: none,
          protocol: none,
        },
      },
      { status: 'absent', reason: 'packets to 203.0.113.1 are dropped (blackhole)' },
      { status: 'absent', reason: 'packets to 198.51.100.9 are refused as unreachable' },
      { status: 'unknown', reason: 'ip could not look up 192.0.2.77: Error: something else.' },
    ],
  );
  t.strictSame(
    [...read(route, queries, { stdout: `${stdout.slice(0, 90)}\n=1\n`, stderr }).values()].map(({ status }) => status),
    ['unknown', 'absent', 'unknown', 'unknown', 'absent', 'absent', 'unknown'],
    'answers that are missing are nobody else’s',
  );
});
