import t from 'tap';
import type { Value } from '../../src/model.js';
import command from '../../src/resources/command.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const needRoot = process.getuid?.() === 0 ? false : 'needs root to become another user';
const long = { noReading: 'unknown', reason: 'it printed more than 1 MiB' };

function run(
  line: string,
  params: Record<string, Value> = {},
  wanted: readonly string[] = ['exit-status'],
  shell?: readonly string[],
  environment = {},
) {
  const query = ask(command, line, wanted, params);
  return observe(command, [query], shell, environment).get(query.id);
}

t.test('one probe each, in its own slot, with its own limit', async (t) => {
  const queries = [ask(command, 'true', ['exit-status']), { ...ask(command, 'false', ['exit-status']), timeout: 3 }];
  t.match(shellProbes(command, queries), [
    { script: { raw: 'exec /bin/sh -c true' }, exits: 'any', limit: 10, slots: 'own', answers: [queries[0]] },
    { limit: 3, slots: 'own', answers: [queries[1]] },
  ]);
});

const cases: readonly [string, Record<string, Value>, object][] = [
  ['true', {}, { 'exit-status': 0, stdout: '', stderr: '' }],
  ['exit 3', {}, { 'exit-status': 3 }],
  ['echo out; echo err >&2; exit 1', {}, { 'exit-status': 1, stdout: 'out\n', stderr: 'err\n' }],
  ['printf +', {}, { stdout: '+' }],
  [`echo '{"a":[1,{"b":null}]}'`, {}, { json: { a: [1, { b: null }] } }],
  ['echo', {}, { json: { noReading: 'absent', reason: 'it printed nothing' } }],
  ['echo {', {}, { json: { noReading: 'absent', reason: 'what it printed is not JSON' } }],
  ['cat', { stdin: '[true]' }, { json: [true] }],
  ['printf "a\\n\\n"', { stdin: '' }, { stdout: 'a\n\n' }],
  ["echo \"it's $((1 + 1))\"\necho '$HOME' `echo x`", {}, { stdout: "it's 2\n$HOME x\n" }],
  ['cat', {}, { stdout: '' }],
  ['cat', { stdin: " it's\n'$(id)' \\n %s\n\n" }, { stdout: " it's\n'$(id)' \\n %s\n\n" }],
  ['true', { stdin: 'x'.repeat(200_000) }, { 'exit-status': 0, stderr: '' }],
  ['nosuchcommand', {}, { 'exit-status': 127, stderr: /not found/ }],
  ['/etc/passwd', {}, { 'exit-status': 126 }],
  ['kill -9 $$', {}, { 'exit-status': 137, stderr: '' }],
  ['kill -15 $$', { stdin: 'x' }, { 'exit-status': 143, stderr: '' }],
  ['-c', {}, { 'exit-status': 127 }],
  ['-c', { stdin: '' }, { 'exit-status': 127 }],
  ['printf %s "$A" "$B"', { environment: { A: "it's\n'", B: 5 } }, { stdout: "it's\n'5" }],
  ['echo "$0"', { shell: '/bin/bash' }, { stdout: /bash/ }],
  ['[[ a = a ]]', { shell: 'bash' }, { 'exit-status': 0 }],
  ['echo $LC_ALL', { environment: { LC_ALL: 'C.UTF-8' } }, { stdout: 'C.UTF-8\n' }],
];
for (const shell of shells) {
  for (const [line, params, readings] of cases) {
    t.test(`${shell}: ${line} ${JSON.stringify(params).slice(0, 60)}`, async (t) => {
      t.match(run(line, params, ['exit-status', 'stdout', 'json', 'stderr'], shell), { status: 'known', readings });
    });
  }
}

t.test('time', async (t) => {
  for (const shell of shells) {
    const observation = run('sleep 0.2; printf "x\n1.0 2.0\n"; exit 4', {}, ['time', 'stdout'], shell);
    t.match(observation, { status: 'known', readings: { 'exit-status': 4, stdout: 'x\n1.0 2.0\n' } });
    const time = observation?.status === 'known' ? Number(observation.readings.time) : Number.NaN;
    t.ok(time >= 0.19 && time < 5, String(time));
  }
  const late = 'something that it left running kept printing';
  t.match(run('(sleep 0.3; echo late) & echo x', {}, ['time', 'stdout']), {
    readings: { 'exit-status': 0, stdout: { reason: late }, time: { reason: late } },
  });
});

const mistakes: readonly [Record<string, Value>, string][] = [
  [{ environment: { 'A B': 'x' } }, '"A B" is no name of an environment variable'],
  [{ environment: { 'A;id': 'x' } }, '"A;id" is no name of an environment variable'],
  [{ environment: { A: ['x'] } }, 'the environment variable A must be text without NUL bytes'],
  [{ environment: { A: null } }, 'the environment variable A must be text without NUL bytes'],
  [{ environment: 'A=x' }, '`environment` must be a mapping'],
  [{ stdin: 'a\0b' }, '`stdin` must be text without NUL bytes'],
  [{ shell: '/no/such' }, 'the command was not run: there is no shell /no/such'],
];
for (const [params, reason] of mistakes) {
  t.test(reason, async (t) => {
    t.strictSame(run('true', params), { status: 'unknown', reason });
  });
}

t.test('a variable that the shell does not let go is no answer', async (t) => {
  t.match(run('true', { environment: { PPID: '1' } }, ['exit-status'], ['bash', '--posix']), {
    status: 'unknown',
    reason: /^the command was not run: .*PPID: readonly variable/,
  });
});

t.test('as another user', { skip: needRoot }, async (t) => {
  const settings = { user: 'daemon', environment: { SECRET: "it's" }, stdin: 'in' };
  for (const shell of shells) {
    t.match(
      run('id -un; printf %s "$SECRET" "$NIXSPEC_MARK" "$LC_ALL"; cat; exit 7', settings, ['stdout'], shell, {
        NIXSPEC_MARK: 'mark',
      }),
      {
        status: 'known',
        readings: { 'exit-status': 7, stdout: "daemon\nit'smarkCin", stderr: '' },
      },
    );
    t.match(run('kill -9 $$', { user: 'daemon' }, ['stdout'], shell), {
      status: 'known',
      readings: { 'exit-status': 137 },
    });
    t.match(run('id -un; cat', { user: 'root' }, ['stdout'], shell), {
      readings: { 'exit-status': 0, stdout: 'root\n' },
    });
    t.match(run('sleep 0.1', { user: 'daemon' }, ['time'], shell), { readings: { 'exit-status': 0, time: Number } });
  }
  t.match(run('true', { user: 'nosuch' }), {
    status: 'unknown',
    reason: /^the command was not run: runuser: user nosuch does not exist/,
  });
});

t.test('the environment is in no argument list', async (t) => {
  const line = 'tr "\\0" " " </proc/$PPID/cmdline; tr "\\0" " " </proc/self/cmdline; ps ax -o args';
  t.match(run(line, { environment: { SECRET: 'hunter2hunter2' } }, ['stdout']), {
    status: 'known',
    readings: { 'exit-status': 0 },
  });
  t.notMatch(
    JSON.stringify(
      run(line, { environment: { SECRET: 'hunter2hunter2' }, ...(needRoot ? {} : { user: 'daemon' }) }, ['stdout']),
    ),
    'hunter2',
  );
});

t.test('output that was cut is not judged', async (t) => {
  const query = ask(command, 'yes', ['stdout']);
  const [probe] = shellProbes(command, [query]);
  const output = { exit: 141, stdout: Buffer.alloc(1024 * 1024, 'y'), stderr: Buffer.from('e'), truncated: true };
  t.strictSame(probe?.parse(output).get(query.id), {
    status: 'known',
    readings: { 'exit-status': long, stdout: long, stderr: 'e' },
    clues: { 'exit-status': [{ from: 'stderr', text: 'e' }], stdout: [{ from: 'stderr', text: 'e' }], stderr: [] },
  });
});

t.test('what says why', async (t) => {
  const clues = (output: Parameters<typeof read>[2], ...wanted: string[]) => {
    const query = ask(command, 'x', wanted);
    const observation = read(command, [query], output).get(query.id);
    return observation?.status === 'known' ? observation.clues : undefined;
  };
  const error = { from: 'stderr', text: 'no such file\n' };
  t.same(clues({ exit: 2, stderr: error.text }, 'exit-status'), {
    'exit-status': [error],
    stdout: [{ from: 'exit-status', text: '2' }, error],
    stderr: [{ from: 'exit-status', text: '2' }],
  });
  const none = { from: 'stderr', text: '' };
  t.same(
    clues({ exit: 1, stdout: 'FAILED\n' }, 'exit-status', 'stdout')?.['exit-status'],
    [none, { from: 'stdout', text: 'FAILED\n' }],
    'some say on standard output what is wrong',
  );
  t.same(clues({ exit: 0 }, 'stdout')?.stdout, [none], 'that it ended well explains nothing');
});

t.test('a program that never began', async (t) => {
  const query = ask(command, 'true', ['stdout'], { user: 'postgres' });
  t.strictSame(read(command, [query], { exit: 1, stderr: 'sudo: a password is required\n' }).get(query.id), {
    status: 'unknown',
    reason: 'the command was not run: sudo: a password is required',
  });
  t.strictSame(read(command, [query], { exit: 9 }).get(query.id), {
    status: 'unknown',
    reason: 'the command was not run: exit status 9',
  });
});
