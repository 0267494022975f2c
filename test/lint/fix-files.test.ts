import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Io } from '../../src/command.js';
import { fixFiles } from '../../src/lint/fix-files.js';
import type { LintProblem } from '../../src/lint-rule.js';
import { specOf } from '../fixture/check-spec.js';
import { lintFiles, sayAll } from '../fixture/lint-text.js';

const main = specOf('include: [parts/b.yaml]\nunit: { nginx: { active: true } }\n');
const part = 'version: 1\nfile:\n  "/x": { exists: true } # why\n';

/** A spec of two files, and a finding in the second that is mended by writing a key without its quotes. */
async function prepare(t: Pick<typeof import('tap').default, 'testdir'>) {
  const folder = t.testdir();
  const { draft, linted } = await lintFiles(folder, { 'nixspec.yaml': main, 'parts/b.yaml': part });
  const file = linted.source.files[1];
  if (!file) throw new Error('there are two files');
  const start = file.text.indexOf('"/x"');
  const problem: LintProblem = {
    code: 'test',
    severity: 'warning',
    message: 'no quotes are needed',
    position: { file: file.name, line: 3, column: 3 },
    length: 4,
    fix: [{ file, start, end: start + 4, text: '/x' }],
  };
  const told: string[] = [];
  const io = { out: (text: string) => told.push(text), err: (text: string) => told.push(text) } as unknown as Io;
  const fix = (dryRun: boolean) => fixFiles(draft, { ...linted, problems: [problem] }, { dryRun }, io);
  return { fix, told, inner: join(folder, 'parts/b.yaml'), outer: join(folder, 'nixspec.yaml') };
}

t.test('an included file is mended where it stands', async (t) => {
  const { fix, told, inner, outer } = await prepare(t);
  chmodSync(inner, 0o600);
  t.equal(await fix(false), true);
  t.equal(readFileSync(inner, 'utf8'), part.replace('"/x"', '/x'));
  t.equal(statSync(inner).mode & 0o7777, 0o600);
  t.equal(readFileSync(outer, 'utf8'), main, 'the other one is not touched');
  t.match(
    told.join(''),
    /-\s+"\/x": \{ exists: true \} # why\n\+\s+\/x: \{ exists: true \} # why\n[\s\S]*mended 1 finding\n$/,
  );
});

t.test('a dry run changes nothing', async (t) => {
  const { fix, inner } = await prepare(t);
  t.equal(await fix(true), false);
  t.equal(readFileSync(inner, 'utf8'), part);
});

t.test('what somebody changed meanwhile is not written over', async (t) => {
  const { fix, inner } = await prepare(t);
  writeFileSync(inner, `${part}# new\n`);
  await t.rejects(fix(false), { code: 'usage', message: /cannot write .*b\.yaml: it was changed/ });
  t.equal(readFileSync(inner, 'utf8'), `${part}# new\n`);
});

t.test('rules look across files, and name the other one', async (t) => {
  const { linted } = await lintFiles(t.testdir(), {
    'nixspec.yaml': specOf('include: [a.yaml, b.yaml]\n'),
    'a.yaml': 'version: 1\nunit: { nginx: { active: true, enabled: true } }\n',
    'b.yaml': 'version: 1\nunit:\n  nginx.service: { enabled: true, state: failed }\nfile: { /x: { exists: true } }\n',
  });
  t.strictSame(sayAll(t.testdirName, linted), [
    'b.yaml:3:20 duplicate-assertion `enabled` of unit nginx.service is expected to be the same in a.yaml:2 (remove one of them)',
    'b.yaml:3:35 contradiction `active: true` and `state: failed` cannot both hold (`active` stands in a.yaml:2; keep the one that is meant)',
  ]);
});
