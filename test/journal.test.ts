import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type JournalQuestion, readJournal, readJournalAnswer } from '../src/journal.js';
import { runScript, shells } from './run-script.js';

const which = (name: string) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
/** What a target's awk may be; those that this machine lacks are left out. */
const awks = ['gawk', 'mawk', 'busybox'].filter((name) => which(name) !== '');

type Fields = Record<string, unknown>;
const entry = (fields: Fields) => `${JSON.stringify({ _PID: '77', _UID: '1000', ...fields })}\n`;
const say = (unit: string, message: unknown, fields: Fields = {}) =>
  entry({ _SYSTEMD_UNIT: unit, MESSAGE: message, ...fields });

/** A target whose tools are stand-ins; the shell and awk are real. */
function makeTarget(folder: string, journal: string, awk = awks[0] ?? 'awk') {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const tool = (name: string, text: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  writeFileSync(join(folder, 'entries'), journal);
  tool(
    'journalctl',
    `printf '%s\\n' "$*" >>${folder}/calls\ncase $* in *--system*) exit;; esac\ncat ${folder}/entries`,
  );
  tool(
    'systemctl',
    `case $* in *show*UserspaceTimestampMonotonic*) echo UserspaceTimestampMonotonic=5000; exit;; esac
while [ "$1" != -- ]; do shift; done
shift
for name; do printf 'Id=%s\\nLoadState=loaded\\nActiveState=active\\nLogNamespace=\\n\\n' "$name" | sed 's/^Id=alias/Id=web/'; done`,
  );
  symlinkSync(which(awk), join(bin, 'awk'));
  mkdirSync(join(folder, 'var/abc'), { recursive: true });
  writeFileSync(join(folder, 'machine-id'), 'abc\n');
  writeFileSync(join(folder, 'var/abc/system.journal'), '');
  return (question: Partial<JournalQuestion>, shell: readonly string[] = ['sh']) => {
    const whole = { since: 'boot', units: [], host: false, texts: [], ...question } as const;
    const script = readJournal(whole)
      .raw.replaceAll('/var/log/journal', join(folder, 'var'))
      .replaceAll('/run/log/journal', join(folder, 'none'))
      .replaceAll('/etc/machine-id', join(folder, 'machine-id'))
      .replaceAll('/run/current-system', join(folder, 'current-system'));
    const output = runScript(script, shell, { PATH: `${bin}:${process.env.PATH}` });
    return { ...output, answer: readJournalAnswer(output), said: output.stderr.toString() };
  };
}

const hostile = [
  'plain',
  'two\nlines',
  'a "quoted" \\ text, "_SYSTEMD_UNIT":"web.service" and "UNIT":"web.service"',
  '=entries web.service 99 0',
  '=end 0',
  '',
  '\u001b[31mred\u0007 ü €',
];

t.test('what stands in the journal is counted and kept, by every shell and awk', async (t) => {
  const journal = [
    ...hostile.map((message) => say('web.service', message)),
    say('web.service', [...Buffer.from('b\u00fctes')]),
    say('web.service', null),
    say('other.service', 'not ours'),
    say('other.service', '"_SYSTEMD_UNIT":"web.service"'),
    // What systemd says about it, and what somebody else pretends.
    say('init.scope', 'Started web', { UNIT: 'web.service', _PID: '1', _UID: '0' }),
    say('other.service', 'I am systemd', { UNIT: 'web.service' }),
    say('systemd-coredump@1.service', 'dumped', { COREDUMP_UNIT: 'web.service', _UID: '0' }),
    say('other.service', 'I am coredumpd', { COREDUMP_UNIT: 'web.service' }),
    say('mnt-my\\x2ddata.mount', 'mounted'),
    say('x.service', 'in a slice', { _SYSTEMD_SLICE: 'mine.slice' }),
    '-- no JSON --\n',
  ].join('');
  for (const awk of awks) {
    const ask = makeTarget(t.testdir({}), journal, awk);
    for (const shell of shells) {
      const units = ['web.service', 'mnt-my\\x2ddata.mount', 'mine.slice', 'silent.service'];
      const { answer, said, exit } = ask({ units, host: true, texts: ['web.service'] }, shell);
      const name = `${awk}, ${shell.join(' ')}`;
      t.same([exit, said, answer.exit, answer.access, answer.since], [0, '', 0, 'ok', 'boot'], name);
      t.same(answer.units.length, 4);
      t.equal(answer.started, 5000);
      t.same(
        answer.messages.get('web.service'),
        { count: 11, left: 0, last: [...hostile, 'bütes', '', 'Started web', 'dumped'] },
        name,
      );
      t.same(answer.messages.get('mnt-my\\x2ddata.mount'), { count: 1, left: 0, last: [] }, name);
      t.same(answer.messages.get('mine.slice'), { count: 1, left: 0, last: [] }, name);
      t.same(answer.messages.get('silent.service'), { count: 0, left: 0, last: [] }, name);
      t.same(answer.messages.get('host'), { count: 17, left: 0, last: [] }, name);
    }
  }
});

t.test('only the end of many messages is kept', async (t) => {
  const lines = Array.from({ length: 5000 }, (_, at) => say('web.service', `${at} ${'x'.repeat(95)}`));
  const journal = [...lines, say('loud.service', 'y'.repeat(300_000))].join('');
  for (const awk of awks) {
    const ask = makeTarget(t.testdir({}), journal, awk);
    const texts = ['web.service', 'loud.service'];
    const { answer, stdout } = ask({ units: texts, texts });
    const { count, left, last } = answer.messages.get('web.service') ?? { count: 0, left: 0, last: [] };
    t.same([count, left + last.length, last.at(-1)?.slice(0, 5)], [5000, 5000, '4999 '], awk);
    t.equal(last[0]?.split(' ')[0], String(left));
    const bytes = last.reduce((sum, line) => sum + line.length + 3, 0);
    t.ok(bytes <= 262_144 && bytes > 262_000, `${bytes} bytes`);
    t.same(answer.messages.get('loud.service'), { count: 1, left: 1, last: [] }, 'one that alone is too long');
    t.ok(stdout.length < 270_000);
  }
});

t.test('an alias is counted as the unit that it is', async (t) => {
  const { answer } = makeTarget(t.testdir({}), say('web.service', 'x'))({ units: ['alias.service'] });
  t.same(answer.units[0]?.get('Id'), ['web.service']);
  t.equal(answer.messages.get('web.service')?.count, 1);
});

t.test('what journalctl is asked', async (t) => {
  const many = Array.from({ length: 40 }, (_, at) => `u${at}.service`);
  for (const [question, expected] of [
    [{ units: ['a.service', 'b.timer'] }, / -b -u a\.service -u b\.timer\n$/],
    [{ units: ['a\\x2db.service'], priority: 'err' }, / -b -p err -u a\\x2db\.service\n$/],
    [{ units: ['a.service'], host: true }, / -b\n$/],
    [{ units: many }, / -b\n$/],
    [{ units: ['a.service'], since: 3600 }, / --since=@\d{10} -u a\.service\n$/],
  ] as const) {
    const folder = t.testdir({});
    makeTarget(folder, '')(question);
    const calls = runScript(`cat ${folder}/calls`).stdout.toString();
    t.match(calls, expected, JSON.stringify(question));
    t.equal(calls.split('\n').length, 4, 'the two ends and the look');
  }
});

t.test('since a switch', async (t) => {
  for (const shell of shells) {
    const folder = t.testdir({});
    const ask = makeTarget(folder, '');
    t.equal(ask({ host: true, since: 'switch' }, shell).exit, 63, 'no NixOS');
    symlinkSync('/nowhere', join(folder, 'current-system'));
    const { since } = ask({ host: true, since: 'switch' }, shell).answer;
    t.ok(Math.abs(Number(since) - Date.now() / 1000) < 60, `the link itself: ${since}`);
    spawnSync('touch', ['-h', '-d', '1999-01-01', join(folder, 'current-system')]);
    t.equal(ask({ host: true, since: 'switch' }, shell).answer.since, 'boot', 'before the boot');
  }
});

t.test('no access, no journal, no tool', async (t) => {
  for (const shell of shells) {
    const folder = t.testdir({});
    const ask = makeTarget(folder, say('a.service', 'x'));
    runScript(`rm ${folder}/var/abc/system.journal`);
    t.match(ask({ host: true }, shell), { exit: 0, answer: { access: 'none', exit: undefined } });
    if (process.getuid?.() === 0) {
      writeFileSync(join(folder, 'var/abc/system.journal'), '', { mode: 0o600 });
      for (const path of [folder, join(folder, 'bin'), join(folder, 'var'), join(folder, 'var/abc')])
        chmodSync(path, 0o755);
      const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...shell];
      t.match(ask({ host: true }, asNobody), { exit: 0, answer: { access: 'denied', exit: undefined } }, 'the file');
      chmodSync(join(folder, 'var/abc'), 0o700);
      t.match(ask({ host: true }, asNobody), { exit: 0, answer: { access: 'denied' } }, 'its folder');
      chmodSync(join(folder, 'var'), 0o700);
      t.match(ask({ host: true }, asNobody), { exit: 0, answer: { access: 'denied' } }, 'the folder above');
    }
    const [name = 'sh', ...words] = shell;
    const bare = runScript(
      readJournal({ since: 'boot', units: [], host: true, texts: [] }).raw,
      [which(name), ...words],
      {
        PATH: folder,
      },
    );
    t.equal(bare.exit, 61, 'journalctl');
  }
});
