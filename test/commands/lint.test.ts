import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { specOf, writeFiles } from '../fixture/check-spec.js';
import { nixspec } from '../fixture/nixspec.js';

/** The built command line, as a user would call it. */
async function lint(cwd: string, words: readonly string[], input?: string) {
  return nixspec(['lint', ...words], { cwd, ...(input !== undefined && { input }) });
}

const right = specOf('unit: { nginx: { active: true } }\n');
const warned = specOf('unit: { nginx: { active: true, restarts: { ge: 0 } } }\n');
const broken = specOf('unit: { nginx: { active: true, state: failed } }\n');
const unread = specOf('unit: { nginx: { actve: true } }\n');
const fixable = `${specOf('vars:\n  old: 1   # no\n  older: 2\n  used: ok\n')}# all of it\nunit:\n  nginx: { status-text: "\${used}",   active: yes }   # stays\n`;
const mended = fixable.replace('  older: 2\n', '');

t.test('exit codes', async (t) => {
  const folder = t.testdir({
    'right.yaml': right,
    'warned.yaml': warned,
    'broken.yaml': broken,
    'unread.yaml': unread,
  });
  const rows: readonly (readonly [words: readonly string[], status: number, out: RegExp])[] = [
    [['right.yaml'], 0, /^right\.yaml: no mistakes; 1 entry for vm, 1 entry for production\n$/],
    [['right.yaml', '--strict'], 0, /no mistakes/],
    [['warned.yaml'], 0, /^warned\.yaml: 1 warning; 1 entry for vm/],
    [['warned.yaml', '--strict'], 65, /1 warning/],
    [['warned.yaml', '--strict', '--ignore', 'always-holds'], 0, /no mistakes/],
    [['broken.yaml'], 65, /^broken\.yaml: 1 mistake\n$/],
    [['broken.yaml', '--ignore', 'contradiction'], 0, /no mistakes/],
    [['unread.yaml'], 65, /1 mistake/],
    [['right.yaml', 'warned.yaml'], 0, /^right\.yaml: no mistakes.*\nwarned\.yaml: 1 warning/],
    [['right.yaml', 'unread.yaml', 'warned.yaml'], 65, /1 mistake\nwarned/],
    [['--spec', 'warned.yaml', '--format', 'json'], 0, /"always-holds"/],
    [['missing.yaml'], 65, /1 mistake/],
  ];
  await Promise.all(
    rows.map(async ([words, status, out]) => {
      const ended = await lint(folder, words);
      t.equal(ended.status, status, words.join(' '));
      t.match(ended.out, out, words.join(' '));
    }),
  );
});

t.test('what the command line cannot mean', async (t) => {
  const folder = t.testdir({ 'nixspec.yaml': right });
  const rows: readonly (readonly [words: readonly string[], err: RegExp])[] = [
    [['--ignore', 'always-hold'], /there is no rule "always-hold"[\s\S]*rules are always-holds, /],
    [['--ignore', 'unknown-property'], /there is no rule "unknown-property"/],
    [['--dry-run'], /--dry-run goes with --fix/],
    [['--fix', '-'], /standard input cannot be mended/],
    [['--format', 'xml'], /Allowed choices are github, json, lines, sarif/],
  ];
  for (const [words, err] of rows) {
    const ended = await lint(folder, words, right);
    t.equal(ended.status, 64, words.join(' '));
    t.match(ended.err, err);
    t.equal(ended.out, '');
  }
});

t.test('--fix writes what it can mend, and nothing else', async (t) => {
  const folder = t.testdir({ 'nixspec.yaml': fixable });
  const file = join(folder, 'nixspec.yaml');
  chmodSync(file, 0o640);
  const shown = await lint(folder, ['--fix', '--dry-run']);
  t.equal(shown.status, 0);
  t.match(
    shown.out,
    /^--- nixspec\.yaml\n\+\+\+ nixspec\.yaml\n@@ [^\n]*\n vars:\n {3}old: 1 {3}# no\n- {2}older: 2\n {3}used: ok\n/,
  );
  t.equal(readFileSync(file, 'utf8'), fixable, 'a dry run writes nothing');

  const fixed = await lint(folder, ['--fix']);
  t.equal(fixed.status, 0);
  t.match(fixed.err, /- {2}older: 2\n[\s\S]*nixspec\.yaml: mended 1 finding\n/);
  t.match(fixed.err, /warning\[unused-variable\]: nothing says \$\{old\}/, 'what it cannot mend is told');
  t.match(fixed.out, /^nixspec\.yaml: 1 warning; /);
  t.equal(readFileSync(file, 'utf8'), mended);
  t.equal(statSync(file).mode & 0o7777, 0o640);
  t.strictSame(readdirSync(folder), ['nixspec.yaml'], 'nothing is left beside it');
  const again = await lint(folder, ['--fix']);
  t.notMatch(again.err, /mended/);
});

t.test('--fix follows links, and leaves files that are not of the spec alone', async (t) => {
  const folder = t.testdir({ 'other.yaml': fixable });
  mkdirSync(join(folder, 'real'));
  const real = writeFiles(join(folder, 'real'), { 'spec.yaml': `\ufeff${fixable}` });
  symlinkSync('real/spec.yaml', join(folder, 'nixspec.yaml'));
  t.equal((await lint(folder, ['--fix'])).status, 0);
  t.ok(lstatSync(join(folder, 'nixspec.yaml')).isSymbolicLink());
  t.equal(readlinkSync(join(folder, 'nixspec.yaml')), 'real/spec.yaml');
  t.equal(readFileSync(real, 'utf8'), `\ufeff${mended}`, 'the byte order mark stays');
  t.equal(readFileSync(join(folder, 'other.yaml'), 'utf8'), fixable);
});

t.test(
  'a file that may not be written is told',
  { skip: process.getuid?.() === 0 && 'root may write anything' },
  async (t) => {
    const folder = t.testdir({ 'nixspec.yaml': fixable });
    chmodSync(folder, 0o500);
    const ended = await lint(folder, ['--fix']);
    chmodSync(folder, 0o700);
    t.equal(ended.status, 64);
    t.match(ended.err, /cannot write .*nixspec\.yaml/);
  },
);

t.test('standard input, colours, a waiver by the day it is', async (t) => {
  const folder = t.testdir();
  const waived = specOf('unit: { nginx: { active: true, waive: { reason: later, until: 2020-11-22 } } }\n');
  const ended = await lint(folder, ['-'], waived);
  t.equal(ended.status, 65);
  t.match(ended.err, /^<stdin>:3:9: error\[expired-waiver\]: the waiver is over since 2020-11-22: later\n/);
  t.match((await lint(folder, ['-', '--color', 'always'], waived)).err, '\u001b[');
});

t.test('what a secret would decide is not judged, and none is shown', async (t) => {
  const text = specOf(
    'secrets: { A: { env: A } }\nunit: { nginx: { status-text: { and: ["${secret.A}", { not: "${secret.A}" }] } } }\nhttp: { "https://web.example.org/${secret.A}": { status: { ge: 0 } } }\n',
  );
  const { status, err } = await lint(t.testdir({ 'nixspec.yaml': text }), []);
  t.equal(status, 0);
  t.match(err, /always-holds/);
  t.notMatch(err, /nixspecsecret/);
});
