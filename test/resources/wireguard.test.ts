import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Observation, Value } from '../../src/model.js';
import wireguard from '../../src/resources/wireguard.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const alive = '+QBsUbx1QosXToCkHISzd83TU23kVbzLth5J3pLDURA=';
const never = '7Hdbm52pTndySSowVBEhwyvHvMo6JMnncAWsfayBMEE=';
const own = '0HmVq6FLVsMqBOGGOKgG2Ym8g0U3AflVzOuBMJ/DIiw=';
const everything = Object.keys(wireguard.properties);
const links = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\\    link/loopback 00:00:00:00:00:00
2: eth0@if4: <BROADCAST,UP> mtu 1500\\    link/ether fe:84:fd:78:c5:81
5: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420\\    link/none
=link 0
`;

/** As wireguard-tools 1.0.20210914 print it: the interface stands before its first peer only, but for `peers`. */
const fields = `wgpeer wg0
=interfaces 0
wgpeer\t45035
wg0\t51820
=listen-port 0
wgpeer\t${alive}
wg0\t${own}
=public-key 0
wgpeer\toff
wg0\t0xca6c
=fwmark 0
wgpeer\t${own}
wg0\t${alive}
wg0\t${never}
=peers 0
wgpeer\t${own}\t10.213.2.1:51820
wg0\t${alive}\t[fd00::2]:45035
${never}\t(none)
=endpoints 0
wgpeer\t${own}\t10.100.0.0/24
wg0\t${alive}\t10.100.0.2/32 10.0.0.0/8
${never}\t(none)
=allowed-ips 0
wgpeer\t${own}\t1795398277
wg0\t${alive}\t1795398277
${never}\t0
=latest-handshakes 0
wgpeer\t${own}\t1100\t1604
wg0\t${alive}\t1604\t1100
${never}\t0\t2960
=transfer 0
wgpeer\t${own}\t25
wg0\t${alive}\t25
${never}\toff
=persistent-keepalive 0
`;
const neverShook = { noReading: 'absent', reason: 'it has never shaken hands' };
const alivePeer = {
  handshaken: true,
  fresh: true,
  'handshake-age': 180,
  endpoint: '[fd00::2]:45035',
  'allowed-ips': ['10.0.0.0/8', '10.100.0.2/32'],
  received: 1604,
  sent: 1100,
  keepalive: 25,
};
const neverPeer = {
  handshaken: false,
  fresh: false,
  'handshake-age': neverShook,
  endpoint: { noReading: 'absent', reason: 'it was never heard from' },
  'allowed-ips': [],
  received: 0,
  sent: 2960,
  keepalive: { noReading: 'absent', reason: 'it is off' },
};
const whole = { 'listening-port': 51820, 'public-key': own, fwmark: '0xca6c' };

function readFrom(
  stdout: string,
  options: { subject?: string; params?: Record<string, Value>; stderr?: string; wanted?: readonly string[] } = {},
) {
  const { subject = 'wg0', params = {}, stderr = '', wanted = everything } = options;
  const query = ask(wireguard, subject, wanted, params);
  return read(wireguard, [query], { stdout, stderr }).get(query.id);
}

t.test('everything about an interface', async (t) => {
  t.strictSame(readFrom(`${links}${fields}1795398457\n=now 0\n`), {
    status: 'known',
    readings: { ...whole, peers: { [alive]: alivePeer, [never]: neverPeer }, 'stale-peers': [never] },
  });
});

t.test('peers by their names', async (t) => {
  const names = { bureau: alive, laptop: never, 'bureau-again': alive, nobody: own };
  t.strictSame(readFrom(`${links}${fields}1795398457\n=now 0\n`, { params: { names } }), {
    status: 'known',
    readings: { ...whole, peers: { bureau: alivePeer, laptop: neverPeer }, 'stale-peers': ['laptop'] },
  });
});

t.test('a session older than 180 s is stale', async (t) => {
  t.match(readFrom(`${links}${fields}1795398458\n=now 0\n`, { params: { names: { a: alive, b: never } } }), {
    readings: { peers: { a: { handshaken: true, fresh: false, 'handshake-age': 181 } }, 'stale-peers': ['a', 'b'] },
  });
});

t.test('what could not be provoked is not called stale', async (t) => {
  const missing = {
    noReading: 'unknown',
    reason: 'it is stale, but nothing could be sent to it first: ping is missing on the target',
  };
  const params = { provoke: true, names: { a: alive, b: never } };
  t.match(readFrom(`${links}=ping 127\n${fields}1795398458\n=now 0\n`, { params }), {
    readings: {
      peers: {
        a: { handshaken: true, fresh: missing, 'handshake-age': missing },
        b: { handshaken: missing, fresh: missing, 'handshake-age': missing },
      },
      'stale-peers': missing,
    },
  });
  t.match(readFrom(`${links}=ping 127\n${fields}1795398457\n=now 0\n`, { params }), {
    readings: { peers: { a: { fresh: true, 'handshake-age': 180 } }, 'stale-peers': missing },
  });
  t.match(readFrom(`${links}=ping 0\n${fields}1795398458\n=now 0\n`, { params }), {
    readings: { 'stale-peers': ['a', 'b'] },
  });
});

t.test('a clock that gave no time', async (t) => {
  const observation = readFrom(`${links}${fields}=now 127\n`, { params: { names: { a: alive } } });
  t.match(observation, {
    readings: { peers: { a: { fresh: { noReading: 'unknown' }, 'handshake-age': { noReading: 'unknown' } } } },
  });
  t.match(observation, { readings: { 'stale-peers': { noReading: 'unknown' } } });
});

const refused =
  'Unable to access interface wgpeer: Permission denied\nUnable to access interface wg0: Operation not permitted\n';
const cases: readonly [string, string, string, string, Observation][] = [
  ['not there', 'wg1', `${links}${fields}`, '', { status: 'absent', reason: 'there is no interface wg1' }],
  [
    'of another network namespace',
    'wgpeer',
    `${links}${fields}`,
    '',
    { status: 'absent', reason: 'there is no interface wgpeer' },
  ],
  ['something else', 'eth0', `${links}${fields}`, '', { status: 'absent', reason: 'eth0 is no WireGuard interface' }],
  [
    'not there, and no wg',
    'wg1',
    `${links}=interfaces 127\n`,
    '',
    { status: 'absent', reason: 'there is no interface wg1' },
  ],
  [
    'no wg',
    'wg0',
    `${links}=interfaces 127\n=listen-port 127\n`,
    '',
    { status: 'unknown', reason: 'wg is not installed on the target: add wireguard-tools to its system packages' },
  ],
  [
    'not root',
    'wg0',
    `${links}wgpeer wg0\n=interfaces 0\n=listen-port 1\n`,
    `=link 0\n=interfaces 0\n${refused}=listen-port 1\n`,
    { status: 'unknown', reason: 'wg0 may be looked at by root only: connect as root or set `sudo: true`' },
  ],
  [
    'a kernel without WireGuard',
    'wg0',
    `${links}=interfaces 1\n`,
    '=link 0\nUnable to list interfaces: Protocol not supported\n=interfaces 1\n',
    { status: 'unknown', reason: 'wg gave no answer: Unable to list interfaces: Protocol not supported' },
  ],
  [
    'gone in between',
    'wg0',
    `${links}wg0\n=interfaces 0\n=listen-port 1\n`,
    '=link 0\n=interfaces 0\nUnable to access interface wg0: No such device\n=listen-port 1\n',
    { status: 'unknown', reason: 'wg gave no answer: Unable to access interface wg0: No such device' },
  ],
  [
    'no ip',
    'wg0',
    '=link 127\n',
    'sh: ip: not found\n=link 127\n',
    { status: 'unknown', reason: 'ip gave no answer: sh: ip: not found' },
  ],
  ['nothing', 'wg0', '', '', { status: 'unknown', reason: 'ip gave no answer: it was not run' }],
];
for (const [name, subject, stdout, stderr, expected] of cases) {
  t.test(name, async (t) => t.strictSame(readFrom(stdout, { subject, stderr }), expected));
}

t.test('an interface without key, port and peers', async (t) => {
  const stdout = `${links}wg0\n=interfaces 0\nwg0\t0\n=listen-port 0\nwg0\t(none)\n=public-key 0\nwg0\toff\n=fwmark 0\n=peers 0\n1\n=now 0\n`;
  t.strictSame(readFrom(stdout), {
    status: 'known',
    readings: {
      'listening-port': { noReading: 'absent', reason: 'it listens on no port' },
      'public-key': { noReading: 'absent', reason: 'it has no key' },
      fwmark: 'off',
      peers: {},
      'stale-peers': [],
    },
  });
});

t.test('the script: no secrets, a constant number of processes, only what is wanted', async (t) => {
  const all = shellProbes(
    wireguard,
    Array.from({ length: 50 }, (_, at) => ask(wireguard, `wg${at}`, everything)),
  );
  t.equal(all.length, 1);
  t.equal(all[0]?.script.raw.match(/\bwg show\b/g)?.length, 10);
  t.notMatch(all[0]?.script.raw, /dump|private|preshared/);
  t.equal(shellProbes(wireguard, [ask(wireguard, 'wg0', ['exists'])])[0]?.script.raw.match(/\bwg show\b/g)?.length, 2);
  t.notMatch(shellProbes(wireguard, [ask(wireguard, 'wg0', ['peers'], { provoke: false })])[0]?.script.raw, /ping/);
});

t.test('whom it provokes, in every shell', async (t) => {
  const folder = t.testdir({
    wg: `#!/bin/sh
case "$*" in
  'show interfaces') echo wg0 ;;
  'show all listen-port') printf 'wg0\\t1\\n' ;;
  'show wg0 allowed-ips') printf '%s\\t%s\\n' a 10.0.0.0/24 b '10.1.0.0/16 10.9.9.9/32' c 0.0.0.0/0 d 'fd00::/64' e 'fd00::7/128' f '(none)' g '::/0' h 'fd00::2/127' ;;
esac
`,
    ip: "#!/bin/sh\necho '5: wg0: <UP>'\n",
    ping: '#!/bin/sh\necho "$*" >>"$LOG"\n',
    log: '',
  });
  for (const name of ['wg', 'ip', 'ping']) chmodSync(join(folder, name), 0o755);
  const log = join(folder, 'log');
  for (const shell of shells) {
    writeFileSync(log, '');
    observe(wireguard, [ask(wireguard, 'wg0', ['stale-peers'], { provoke: true })], shell, {
      PATH: `${folder}:${process.env.PATH}`,
      LOG: log,
    });
    const expected = [
      '10.0.0.1',
      '10.0.0.2',
      '10.9.9.9',
      '192.0.2.1',
      '2001:db8::1',
      'fd00::1',
      'fd00::2',
      'fd00::2',
      'fd00::7',
    ];
    t.strictSame(
      readFileSync(log, 'utf8').trim().split('\n').sort(),
      expected.map((address) => `-n -c 1 -W 2 -I wg0 ${address}`),
      shell.join(' '),
    );
  }
});
