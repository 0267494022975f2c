import { readFileSync } from 'node:fs';
import t from 'tap';
import kernelParam from '../../src/resources/kernel-param.js';
import { ask, observe, read, runScript, shellProbes, shells } from '../run-script.js';

t.test('subjects', async (t) => {
  for (const name of [
    'net.ipv4.ip_forward',
    'net/ipv4/conf/eth0.100/forwarding',
    'net.ipv4.conf.eth0/100.x',
    'vm.x-y',
    'a',
  ]) {
    t.match(name, kernelParam.subject.pattern, name);
  }
  for (const name of [
    '',
    '/net',
    '.net',
    'net.',
    'net/',
    'net..ipv4',
    'net/../../etc/passwd',
    'a b',
    'a/./b',
    'a\n',
    'a\0',
  ]) {
    t.notMatch(name, kernelParam.subject.pattern, JSON.stringify(name));
  }
});

t.test('names become paths as sysctl(8) has it', async (t) => {
  for (const [name, path] of [
    ['net.ipv4.ip_forward', 'net/ipv4/ip_forward'],
    ['net/ipv4/ip_forward', 'net/ipv4/ip_forward'],
    ['net.ipv4.conf.eth0/100.forwarding', 'net/ipv4/conf/eth0.100/forwarding'],
    ['net/ipv4/conf/eth0.100/forwarding', 'net/ipv4/conf/eth0.100/forwarding'],
    ["net.x'$(id)", "'/proc/sys/net/x'\\''$(id)'"],
  ] as const) {
    const script = shellProbes(kernelParam, [ask(kernelParam, name, ['value'])])[0]?.script.raw;
    const word = path.startsWith("'") ? path : `/proc/sys/${path}`;
    t.equal(script, `grep -aHZ '' -- ${word} </dev/null\n[ $? -le 2 ] || exit\nprintf '=end\\n'`);
  }
});

t.test('recorded answers', async (t) => {
  const stdout = [
    '/proc/sys/kernel/ostype\0Linux',
    '/proc/sys/net/ipv4/tcp_rmem\x004096\t131072\t6291456',
    '/proc/sys/dev/cdrom/info\0CD-ROM information',
    '/proc/sys/dev/cdrom/info\0',
    '/proc/sys/dev/cdrom/info\0drive name:\t\tsr0\t',
    '/proc/sys/dev/cdrom/info\0',
    '/proc/sys/kernel/modprobe\0',
    '=end\n',
  ].join('\n');
  const stderr = [
    'grep: /proc/sys/kernel/nope: No such file or directory',
    'grep: /proc/sys/net/ipv4: Is a directory',
    'grep: /proc/sys/kernel/ostype/x: Not a directory',
    'grep: /proc/sys/vm/mmap_rnd_bits: Permission denied',
    'grep: /proc/sys/net/ipv6/conf/lo/stable_secret: Input/output error',
    'grep: /proc/sys/net/a: b/x: No such file or directory',
  ].join('\n');
  const denied = 'vm.mmap_rnd_bits may not be read: connect as root or set `sudo: true`; some can only be written';
  for (const [name, expected] of [
    ['kernel.ostype', 'Linux'],
    ['net/ipv4/tcp_rmem', '4096\t131072\t6291456'],
    ['dev.cdrom.info', 'CD-ROM information\n\ndrive name:\t\tsr0'],
    ['kernel.modprobe', ''],
    ['kernel.nope', { status: 'absent', reason: 'this kernel has no parameter kernel.nope' }],
    ['kernel.ostype.x', { status: 'absent', reason: 'this kernel has no parameter kernel.ostype.x' }],
    ['net.ipv4', { status: 'absent', reason: 'net.ipv4 is a group of parameters, not one' }],
    ['vm.mmap_rnd_bits', { status: 'unknown', reason: denied }],
    [
      'net.ipv6.conf.lo.stable_secret',
      { status: 'unknown', reason: 'net.ipv6.conf.lo.stable_secret could not be read: Input/output error' },
    ],
  ] as const) {
    const query = ask(kernelParam, name, ['value']);
    const expectation = typeof expected === 'string' ? { status: 'known', readings: { value: expected } } : expected;
    t.same(read(kernelParam, [query], { stdout, stderr }).get(query.id), expectation, name);
  }
  const query = ask(kernelParam, 'kernel.ostype', ['value']);
  for (const cut of ['', stdout.slice(0, -5), '/proc/sys/kernel/osty']) {
    t.same(read(kernelParam, [query], { stdout: cut }).get(query.id), {
      status: 'unknown',
      reason: 'the answer of grep is not whole',
    });
  }
});

t.test('a thousand parameters are one process', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) =>
    ask(kernelParam, `net.ipv4.conf.eth${at}.forwarding`, ['value']),
  );
  const probes = shellProbes(kernelParam, queries);
  t.equal(probes.length, 1);
  t.equal(probes[0]?.script.raw.match(/grep/g)?.length, 1);
});

t.test('this kernel, in every shell', async (t) => {
  const expected = readFileSync('/proc/sys/net/ipv4/tcp_rmem', 'utf8').trimEnd();
  for (const shell of shells) {
    const one = ask(kernelParam, 'net.ipv4.tcp_rmem', ['value']);
    const none = ask(kernelParam, 'net.ipv4.no_such', ['value']);
    const observations = observe(kernelParam, [one, none], shell);
    t.same(observations.get(one.id), { status: 'known', readings: { value: expected } }, shell.join(' '));
    t.match(observations.get(none.id), { status: 'absent' });
  }
});

t.test('without grep the exit code is none that is an answer', async (t) => {
  const [probe] = shellProbes(kernelParam, [ask(kernelParam, 'kernel.ostype', ['value'])]);
  t.same(probe?.exits, [0]);
  t.not(runScript(`PATH=/nowhere\n${probe?.script.raw}`).exit, 0);
});
