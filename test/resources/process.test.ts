import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import t from 'tap';
import process_ from '../../src/resources/process.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const everything = ['running', 'count', 'users', 'arguments'];
const rest = `${' 0'.repeat(13)} 1${' 0'.repeat(33)}\n`;
const status = (caps: string) => `Gid:\t1\t1\t1\nGroups:\t1 \nCapEff:\t${caps}\n`;

/** A table of processes: comm, program (none: may not be seen), user, arguments. */
function record(processes: readonly (readonly [string, string, string, ...string[]])[], hidepid = '') {
  const files: string[] = [
    'self/status',
    status('0'),
    'self/mountinfo',
    `1 2 0:3 / /proc rw - proc proc rw${hidepid}\n`,
  ];
  const programs: string[] = [];
  const users: string[] = [];
  for (const [at, [comm, exe, user, ...argv]] of processes.entries()) {
    files.push(`${at}/stat`, `${at} (${comm}) S 1 5 99${rest}`, ...argv.flatMap((word) => [`${at}/cmdline`, word]));
    programs.push(`${at}/exe`, exe === '' ? `${at}/exe` : `${at}/exe -> ${exe}`);
    if (user !== '') users.push(`${at}`, '5', user);
  }
  return [...files, '=ours', '=programs', ...programs, '=users', ...users, '=end'].map((word) => `${word}\0`).join('');
}

function look(subject: string, stdout: string, stderr = '') {
  const query = ask(process_, subject, everything);
  const observation = read(process_, [query], { stdout, stderr }).get(query.id);
  return observation?.status === 'known' ? observation.readings : observation;
}

const server = [
  ['nginx', '/usr/sbin/nginx', 'root', 'nginx: master process', '', ''],
  ['nginx', '/usr/sbin/nginx', 'www', 'nginx: worker process  '],
  ['nginx', '/usr/sbin/nginx', 'www', 'nginx: worker process'],
  ['.grafana-wrappe', '/nix/store/x/bin/.grafana-wrapped', 'grafana', '/nix/store/x/bin/grafana', 'server'],
  ['python3.12', '/usr/bin/python3.12', 'app', 'python3', '/srv/agent', '--every', '5'],
  ['nfsd', '', 'root'],
  ['gone', '/bin/gone', '', 'gone'],
] as const;

t.test('subjects', async (t) => {
  for (const name of ['nginx', '(sd-pam)', 'a b', 'kworker']) t.match(name, process_.subject.pattern, name);
  for (const name of ['', '/usr/bin/x', 'a/b']) t.notMatch(name, process_.subject.pattern, name);
});

t.test('who runs', async (t) => {
  const none = { noReading: 'absent', reason: 'no process is called nosuch' };
  const agent = { exists: true, running: true, count: 1, users: ['app'], arguments: ['python3 /srv/agent --every 5'] };
  for (const [name, expected] of [
    [
      'nginx',
      {
        exists: true,
        running: true,
        count: 3,
        users: ['root', 'www'],
        arguments: ['nginx: master process', 'nginx: worker process'],
      },
    ],
    [
      'grafana',
      { exists: true, running: true, count: 1, users: ['grafana'], arguments: ['/nix/store/x/bin/grafana server'] },
    ],
    ['agent', agent],
    ['python3', agent],
    ['python3.12', agent],
    ['nfsd', { exists: true, running: true, count: 1, users: ['root'], arguments: [] }],
    ['nosuch', { exists: false, running: false, count: 0, users: none, arguments: none }],
  ] as const) {
    t.same(look(name, record(server)), expected, name);
  }
  const ended = { noReading: 'unknown', reason: 'the processes ended while they were looked at' };
  t.match(look('gone', record(server)), { running: true, count: 1, users: ended });
});

t.test('where others are hidden, what is not found is unknown', async (t) => {
  const hidden = 'this user sees no processes of others (hidepid): connect as root or set `sudo: true`';
  const more = { noReading: 'unknown', reason: `there may be more: ${hidden}` };
  t.same(look('nosuch', record(server, ',hidepid=invisible')), { status: 'unknown', reason: hidden });
  t.same(look('nginx', record(server, ',hidepid=invisible')), {
    exists: true,
    running: true,
    count: more,
    users: more,
    arguments: more,
  });
});

t.test('a name that the kernel has cut, of a program that may not be seen', async (t) => {
  const table = record([
    ['systemd-journal', '', 'root', 'title'],
    ['systemd-journal', '/x/systemd-journal-remote', 'root', 'title'],
  ]);
  const doubt = 'only root sees which program 0 (systemd-journal…) is: connect as root or set `sudo: true`';
  t.same(look('systemd-journald', table), { status: 'unknown', reason: doubt });
  t.match(look('systemd-journal-remote', table), { running: true, count: { reason: `there may be more: ${doubt}` } });
  t.match(look('systemd-journal', table), { running: true, count: 2 });
});

t.test('a broken answer is no answer', async (t) => {
  const reason = "/proc could not be read by grep (GNU's is needed): grep: unrecognized option: z";
  const empty = '=ours\0=programs\0=users\0=end\0';
  t.same(look('nginx', empty, 'grep: unrecognized option: z\nmore'), { status: 'unknown', reason });
  t.throws(() => look('nginx', ''), { message: 'the list of processes ends in the middle' });
});

t.test('a thousand are asked by one script; users only where they are wanted', async (t) => {
  const queries = Array.from({ length: 1000 }, (_, at) => ask(process_, `p${at}`, ['running']));
  const [probe, ...more] = shellProbes(process_, queries);
  t.equal(more.length, 0);
  t.ok(probe && probe.script.raw.length < 600);
  t.notMatch(probe?.script.raw, '%U');
  t.match(shellProbes(process_, [ask(process_, 'x', ['users'])])[0]?.script.raw, '%U');
});

t.test('real processes, in every shell', async (t) => {
  const long = 'nixspec-a-very-long-program-name';
  const folder = t.testdir({ [`${long}-script`]: '#!/bin/sh\nread -r line\n' });
  copyFileSync('/bin/cat', `${folder}/${long}`);
  copyFileSync('/bin/cat', `${folder}/.nixspec-test-wrapped`);
  chmodSync(`${folder}/${long}-script`, 0o755);
  const evil = 'nixspec) S\n1 (x) =end';
  copyFileSync('/bin/cat', `${folder}/${evil}`);
  const children: ChildProcess[] = [];
  const start = async (file: string, argv0: string, words: readonly string[] = [], environment = {}) => {
    const child = spawn(file, words, { argv0, stdio: ['pipe', 'ignore', 'inherit'], env: environment });
    children.push(child);
    await once(child, 'spawn');
  };
  t.teardown(() => {
    for (const child of children) child.stdin?.end();
  });
  await start(`${folder}/${long}`, long, ['-u', '-']);
  await start(`${folder}/${long}`, 'other', ['-']);
  await start(`${folder}/.nixspec-test-wrapped`, '/run/current-system/sw/bin/nixspec-test');
  await start(`${folder}/${evil}`, 'title of something');
  await start(`${folder}/${long}-script`, 'x');
  await start('/bin/cat', 'nixspec-mine', [], { NIXSPEC_MARK: 'test-mark' });
  for (const child of children) await untilExecuted(child);

  const me = userInfo().username;
  for (const shell of shells) {
    const look = (subject: string) => {
      const query = ask(process_, subject, everything);
      return observe(process_, [query], shell, { NIXSPEC_MARK: 'test-mark' }).get(query.id);
    };
    const of = (count: number, ...commands: string[]) => ({
      status: 'known',
      readings: { exists: true, running: true, count, users: [me], arguments: commands },
    });
    t.same(look(long), of(2, `${long} -u -`, 'other -'), shell.join(' '));
    t.same(look('nixspec-test'), of(1, '/run/current-system/sw/bin/nixspec-test'));
    t.same(look('.nixspec-test-wrapped'), of(1, '/run/current-system/sw/bin/nixspec-test'));
    t.same(look(evil), of(1, 'title of something'));
    t.same(look(`${long}-script`), of(1, `/bin/sh ${folder}/${long}-script`));
    t.match(look('nixspec-mine'), { readings: { running: false, count: 0 } });
    t.match(look('of'), { readings: { running: false } });
  }
});

/** Between fork and exec a child is still called as its parent. */
async function untilExecuted({ pid }: ChildProcess): Promise<void> {
  const own = readFileSync('/proc/self/cmdline', 'utf8');
  for (let tries = 0; tries < 100; tries += 1) {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== own) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
