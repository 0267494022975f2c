import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import t from 'tap';
import port from '../../src/resources/port.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

/** What ss 6.1 and 6.15 print, spaces as they come. */
const sockets = `
udp   UNCONN 0      0         127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=70,fd=13)) uid:990 ino:1 sk:1 cgroup:/system.slice/systemd-resolved.service <-> cgroup:/system.slice/systemd-resolved.service
udp   UNCONN 0      0            0.0.0.0%eth0:68       0.0.0.0:*    users:(("dhcpcd",pid=71,fd=9)) ino:2 sk:2 cgroup:/system.slice/dhcpcd.service <->
udp   UNCONN 0      0                       *:51820          *:*    ino:3 sk:3 cgroup:/ v6only:0 <->
tcp   LISTEN 0      4096            127.0.0.1:8080     0.0.0.0:*    users:(("systemd",pid=1,fd=46)) ino:4 sk:100b cgroup:/init.scope <-> cgroup:/init.scope
tcp   LISTEN 0      4096                    *:22             *:*    users:(("sshd",pid=80,fd=3),("systemd",pid=1,fd=47)) ino:5 sk:5 cgroup:/init.scope v6only:0 <->
tcp   LISTEN 0      511               0.0.0.0:443      0.0.0.0:*    users:(("nginx",pid=91,fd=5),("nginx",pid=90,fd=5)) ino:6 sk:6 cgroup:/system.slice/nginx.service <->
tcp   LISTEN 0      511                  [::]:443         [::]:*    users:(("nginx",pid=91,fd=6),("nginx",pid=90,fd=6)) ino:7 sk:7 cgroup:/system.slice/nginx.service v6only:1 <->
tcp   LISTEN 0      200           [::1]:5432         [::]:*    users:(("postgres",pid=95,fd=6)) uid:71 ino:8 sk:8 cgroup:/system.slice/system-postgresql.slice/postgresql@17.service/sub v6only:1 <->
tcp   LISTEN 0      128  [::ffff:127.0.0.1]:7004              *:*    ino:9 sk:9 cgroup:unreachable:59f v6only:0 <->
tcp   LISTEN 0      5    [fe80::6c0b:2dff:fe8f:552a]%eth0:25  [::]:*    ino:10 sk:a cgroup:/ v6only:1 <->
tcp   LISTEN 0      5    [fe80::1%eth0]:26  [::]:*    ino:10 sk:a cgroup:/ v6only:1 <->
tcp   LISTEN 0      5    0.0.0.0:6666 0.0.0.0:*    users:(("x",pid=1,fd=3",pid=99,fd=9)) ino:11 sk:b cgroup:/user.slice/user-1000.slice/session-4.scope <->
tcp   LISTEN 0      5    0.0.0.0:6667 0.0.0.0:*    users:(("a
tcp LISTEN 0 5",pid=99,fd=9)) ino:12 sk:c cgroup:/user.slice/user-1000.slice/session-4.scope <->`.trim();

const processes = `=holders
/proc/1 root
/proc/70 systemd-resolve
/proc/80 root
/proc/90 root
/proc/91 nginx
/proc/95 postgres
/proc/99 UNKNOWN
/proc/1/cgroup:1:name=systemd:/init.scope
/proc/80/cgroup:9:name=systemd:/
/proc/80/cgroup:8:pids:/wrong.service
/proc/80/cgroup:0::/system.slice/sshd.service
/proc/90/cgroup:0::/system.slice/nginx.service
/proc/91/cgroup:0::/system.slice/nginx.service
/proc/95/cgroup:1:name=systemd:/system.slice/system-postgresql.slice/postgresql@17.service/sub
/proc/99/cgroup:0::/user.slice/user-1000.slice/session-4.scope
=units
Listen=127.0.0.1:8080 (Stream)
Id=proxy.socket

Listen=/run/x (Stream)
Listen=127.0.0.1:8080 (Datagram)
Id=other.socket
`;
const root = '000001ffffffffff';
const everything = Object.keys(port.properties);

function look(subject: string, caps = root, wanted: readonly string[] = everything) {
  const query = ask(port, subject, wanted);
  const stdout = `${sockets}\n=caps ${caps}\n${processes}=end\n`;
  const observation = read(port, [query], { stdout }).get(query.id);
  return observation?.status === 'known' ? observation.readings : observation;
}

const kernel = { noReading: 'absent', reason: 'no process holds it: it belongs to the kernel or to a container' };
const noUnit = {
  noReading: 'absent',
  reason: 'it belongs to no unit: to the kernel, to a container or to a process outside of systemd',
};

t.test('subjects', async (t) => {
  for (const written of ['tcp:443', 'tcp4:1', 'tcp6:65535', 'udp:53', 'udp6:51820', '443']) {
    t.match(written, port.subject.pattern);
  }
  for (const written of ['tcp:0', 'tcp:65536', 'tcp:070', 'sctp:5', 'tcp:http', 'tcp', 'tcp5:80', 'tcp:80 ', '-1']) {
    t.notMatch(written, port.subject.pattern, written);
  }
  t.equal(port.subject.normalize?.('443'), 'tcp:443');
  t.equal(port.subject.normalize?.('udp:53'), 'udp:53');
});

t.test('who listens where', async (t) => {
  const found = { exists: true, listening: true };
  for (const [subject, expected] of [
    [
      'tcp:443',
      { addresses: ['0.0.0.0', '::'], processes: ['nginx'], users: ['nginx', 'root'], unit: 'nginx.service' },
    ],
    ['tcp4:443', { addresses: ['0.0.0.0'], processes: ['nginx'], users: ['nginx', 'root'], unit: 'nginx.service' }],
    ['tcp6:443', { addresses: ['::'], processes: ['nginx'], users: ['nginx', 'root'], unit: 'nginx.service' }],
    // Dual stack; systemd has passed the socket on and keeps a copy.
    ['tcp4:22', { addresses: ['::'], processes: ['sshd'], users: ['root'], unit: 'sshd.service' }],
    ['tcp6:22', { addresses: ['::'], processes: ['sshd'], users: ['root'], unit: 'sshd.service' }],
    ['tcp:8080', { addresses: ['127.0.0.1'], processes: ['systemd'], users: ['root'], unit: 'proxy.socket' }],
    ['tcp:5432', { addresses: ['::1'], processes: ['postgres'], users: ['postgres'], unit: 'postgresql@17.service' }],
    ['tcp:7004', { addresses: ['127.0.0.1'], processes: kernel, users: kernel, unit: noUnit }],
    ['udp:51820', { addresses: ['::'], processes: kernel, users: kernel, unit: noUnit }],
    ['tcp6:25', { addresses: ['fe80::6c0b:2dff:fe8f:552a%eth0'], processes: kernel, users: kernel, unit: noUnit }],
    ['tcp:26', { addresses: ['fe80::1%eth0'], processes: kernel, users: kernel, unit: noUnit }],
    [
      'udp:53',
      {
        addresses: ['127.0.0.53'],
        processes: ['systemd-resolve'],
        users: ['systemd-resolve'],
        unit: 'systemd-resolved.service',
      },
    ],
    [
      'udp4:68',
      {
        addresses: ['0.0.0.0%eth0'],
        processes: ['dhcpcd'],
        users: { noReading: 'unknown', reason: 'the processes that held it ended while they were looked at' },
        unit: 'dhcpcd.service',
      },
    ],
  ] as const) {
    t.same(look(subject), { ...found, ...expected }, subject);
  }
});

t.test('a name cannot become another process or another line', async (t) => {
  const one = { exists: true, listening: true, addresses: ['0.0.0.0'], users: ['UNKNOWN'], unit: 'session-4.scope' };
  t.same(look('tcp:6666'), { ...one, processes: ['x",pid=1,fd=3'] });
  t.same(look('tcp:6667'), { ...one, processes: ['a\ntcp LISTEN 0 5'] });
});

t.test('nothing there is an answer, for any family and protocol', async (t) => {
  for (const subject of ['tcp:80', 'udp:443', 'tcp6:7004', 'tcp4:5432', 'udp6:68', 'tcp:44']) {
    const none = { noReading: 'absent', reason: `nothing listens on ${subject}` };
    t.same(look(subject), {
      exists: false,
      listening: false,
      addresses: none,
      processes: none,
      unit: none,
      users: none,
    });
  }
});

t.test('without root: what made the socket is known, who holds it is not', async (t) => {
  const unseen = {
    noReading: 'unknown',
    reason: 'only root sees whose a socket is: connect as root or set `sudo: true`',
  };
  t.same(look('tcp:443', '0000000000000000'), {
    exists: true,
    listening: true,
    addresses: ['0.0.0.0', '::'],
    processes: unseen,
    users: unseen,
    unit: 'nginx.service',
  });
  t.same(look('udp:51820', '0000000000000000'), {
    exists: true,
    listening: true,
    addresses: ['::'],
    processes: unseen,
    users: unseen,
    unit: { noReading: 'unknown', reason: 'its unit could not be told: connect as root or set `sudo: true`' },
  });
});

t.test('an answer that is not whole says nothing', async (t) => {
  const query = ask(port, 'tcp:443', ['listening']);
  for (const stdout of ['', '\n', `${sockets}\n`, `${sockets}\n=caps ${root}\n`, '=caps \n=end\n', 'x\n=end\n']) {
    t.same(read(port, [query], { stdout }).get(query.id), {
      status: 'unknown',
      reason: 'the answer of ss is not whole',
    });
  }
});

t.test('one ss for all ports, and nothing beside it unless it is wanted', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(port, `tcp:${at + 1}`, ['listening', 'addresses']));
  const probes = shellProbes(port, queries);
  t.equal(probes.length, 1);
  t.match(probes[0]?.script.raw, /ss -H -O -l -n -t -u -e --cgroup \)/);
  t.notMatch(probes[0]?.script.raw, /awk|stat |grep|systemctl/);
});

t.test('real sockets, in every shell', async (t) => {
  const both = createServer().listen(0, '::');
  const v4 = createServer().listen(0, '127.0.0.1');
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await new Promise((resolve) => udp.once('listening', resolve));
  t.teardown(() => {
    both.close();
    v4.close();
    udp.close();
  });
  const portOf = (address: unknown) => (address as { port: number }).port;
  const subjects = {
    both4: `tcp4:${portOf(both.address())}`,
    both6: `tcp6:${portOf(both.address())}`,
    v4: `tcp:${portOf(v4.address())}`,
    v6: `tcp6:${portOf(v4.address())}`,
    udp: `udp:${udp.address().port}`,
  };
  for (const shell of shells) {
    const queries = Object.values(subjects).map((subject) => ask(port, subject, everything));
    const readings = [...observe(port, queries, shell).values()].map((observation) =>
      observation.status === 'known' ? [observation.readings.listening, observation.readings.addresses] : observation,
    );
    t.match(
      readings,
      [
        [true, ['::']],
        [true, ['::']],
        [true, ['127.0.0.1']],
        [false, { noReading: 'absent' }],
        [true, ['127.0.0.1']],
      ],
      shell.join(' '),
    );
  }
});

t.test('ss is missing', async (t) => {
  const [probe] = shellProbes(port, [ask(port, 'tcp:1', ['listening'])]);
  t.same(probe?.exits, [0]);
  t.match(probe?.script.raw, /command -v ss >\/dev\/null \|\| { echo 'ss is missing \(iproute2\)' >&2; exit 127; }/);
});

const unixSockets = `
u_str LISTEN 0      8192                            /run/greeter.sock 2884559 * 0 users:(("systemd",pid=1,fd=83))      <-> ino:119 dev:0/48 peers:
u_str LISTEN 0      200             /var/run/postgresql/.s.PGSQL.5432 2890882 * 0 users:(("postgres",pid=95,fd=8))     <-> ino:177 dev:0/48 peers:
u_dgr UNCONN 0      0        /run/a b 12 * 0 users:x.sock 2892060 * 0 users:(("x",pid=99,fd=16))   <-> ino:16 dev:0/75
u_seq LISTEN 0      128    @abstract@ 4722492 * 0 users:(("node",pid=5642,fd=21)) <-> peers:
u_str LISTEN 0      511      /tmp/line
break.sock 4722491 * 0 users:(("node",pid=5642,fd=20)) <-> ino:10298354 dev:0/65024 peers:
u_str LISTEN 0      5        /run/bare.sock 77 * 0
tcp   LISTEN 0      511               0.0.0.0:443      0.0.0.0:*    ino:6 sk:6 cgroup:/system.slice/nginx.service <->`.trim();

t.test('sockets in the file system', async (t) => {
  const look = (subject: string, caps = root) => {
    const query = ask(port, port.subject.normalize?.(subject) ?? subject, everything);
    const stdout = `${unixSockets}\n=caps ${caps}\n${processes.replace('=units\n', '=units\nListen=/run/greeter.sock (Stream)\nId=greeter.socket\n\n')}=end\n`;
    const observation = read(port, [query], { stdout }).get(query.id);
    return observation?.status === 'known' ? observation.readings : observation;
  };
  const noAddress = { noReading: 'absent', reason: 'a socket in the file system has no address' };
  t.strictSame(look('unix:/run/postgresql/.s.PGSQL.5432'), {
    exists: true,
    listening: true,
    addresses: noAddress,
    processes: ['postgres'],
    users: ['postgres'],
    unit: 'postgresql@17.service',
  });
  t.match(look('unix:/var/run/postgresql/.s.PGSQL.5432'), { listening: true });
  t.match(look('unix:/run/greeter.sock'), { listening: true, processes: ['systemd'], unit: 'greeter.socket' });
  t.match(look('unix:/run/a b 12 * 0 users:x.sock'), { listening: true, processes: ['x'] });
  t.match(look('unix:/run/a b'), { listening: false });
  t.match(look('unix:/tmp/line'), { listening: false, addresses: { reason: 'nothing listens on unix:/tmp/line' } });
  t.match(look('unix:/run/bare.sock', '0'), { listening: true, processes: { noReading: 'unknown' } });
  t.match(look('tcp:443'), { listening: true });
});

t.test('real sockets in the file system', async (t) => {
  const path = `/tmp/nixspec port ${process.pid}.sock`;
  const server = createServer().listen(path);
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const queries = [path, `${path}x`].map((one) => ask(port, `unix:${one}`, ['listening', 'processes']));
  for (const shell of shells) {
    const [here, not] = [...observe(port, queries, shell).values()];
    t.match(here, { readings: { listening: true } }, shell.join(' '));
    t.match(not, { readings: { listening: false, exists: false } });
  }
  const [tcp] = shellProbes(port, [ask(port, 'tcp:22', ['listening'])]);
  t.notMatch(tcp?.script.raw, / -x/, 'only asked for where it is wanted');
});
