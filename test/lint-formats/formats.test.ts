import { createRequire } from 'node:module';
import t from 'tap';
import { type LintFormat, lintFormatNames, loadLintFormat } from '../../src/lint-format.js';
import { specOf } from '../fixture/check-spec.js';
import { lintFiles, rules } from '../fixture/lint-text.js';
import { sarifSchema } from './sarif-schema.js';

const options = { color: false, version: '1.2.3', rules };
const formats = new Map<string, LintFormat>();
for (const name of lintFormatNames()) formats.set(name, await loadLintFormat(name));

/** A warning with a fix, an error of a rule, and a mistake; a name that needs escapes. */
async function render(
  t: Pick<typeof import('tap').default, 'testdir' | 'testdirName'>,
  format: string,
  name = 'nixspec.yaml',
) {
  const text = specOf('vars:\n  a: 1\n  b: nginx\nunit: { "${b}": { restarts: { lt: 0 } } }\n');
  const { linted } = await lintFiles(t.testdir(), { [name]: text });
  const [, ...rest] = linted.problems;
  const wrong = await lintFiles(t.testdir(), { [`wrong/${name}`]: specOf('unit: { nginx: { actve: true } }\n') });
  const all = [linted, { ...wrong.linted, problems: wrong.linted.problems }];
  t.testdir();
  const told = formats.get(format)?.render(all, options);
  if (!told || rest.length === 0) throw new Error(`there is no format ${format}, or nothing to tell`);
  const relative = (one: string) => one.replaceAll(`file://${t.testdirName}/`, '').replaceAll(`${t.testdirName}/`, '');
  return { out: relative(told.out), err: relative(told.err) };
}

t.test('each has its name and a line about it', async (t) => {
  t.strictSame(lintFormatNames(), ['github', 'json', 'lines', 'sarif']);
  for (const [name, { name: own, summary }] of formats) {
    t.equal(own, name);
    t.match(summary, /[^.]$/);
  }
});

t.test('lines', async (t) => {
  const { out, err } = await render(t, 'lines');
  t.equal(out, 'nixspec.yaml: 1 mistake, 1 warning (`--fix` mends 1)\nwrong/nixspec.yaml: 1 mistake\n');
  t.match(
    err,
    /^nixspec\.yaml:4:3: warning\[unused-variable\]: nothing says \$\{a\}\n {2}\|\n4 \| {3}a: 1\n {2}\| {3}\^\n/,
  );
});

t.test('lines of a spec that is right', async (t) => {
  const { linted } = await lintFiles(t.testdir(), { 'nixspec.yaml': specOf('unit: { nginx: { active: true } }\n') });
  const told = formats.get('lines')?.render([{ ...linted, file: 'nixspec.yaml' }], options);
  t.strictSame(told, { out: 'nixspec.yaml: no mistakes; 1 entry for vm, 1 entry for production\n', err: '' });
});

t.test('json', async (t) => {
  const { out, err } = await render(t, 'json');
  t.equal(err, '');
  t.strictSame(JSON.parse(out), [
    {
      code: 'unused-variable',
      severity: 'warning',
      message: 'nothing says ${a}',
      hint: 'remove it, or put it where its value stands',
      position: { file: 'nixspec.yaml', line: 4, column: 3 },
      length: 1,
      source: '  a: 1',
      fixable: true,
    },
    {
      code: 'contradiction',
      severity: 'error',
      message: '`restarts: { lt: 0 }` can never hold',
      position: { file: 'nixspec.yaml', line: 6, column: 31 },
      length: 2,
      source: 'unit: { "${b}": { restarts: { lt: 0 } } }',
    },
    {
      code: 'unknown-property',
      severity: 'error',
      message: '`unit` has no property "actve"',
      hint: 'did you mean "active"?',
      position: { file: 'wrong/nixspec.yaml', line: 3, column: 18 },
      length: 5,
      source: 'unit: { nginx: { actve: true } }',
    },
  ]);
});

t.test('github: what is in a name or a message ends no value and begins no command', async (t) => {
  const { out, err } = await render(t, 'github', 'a,b: 100%.yaml');
  t.equal(err, '');
  t.strictSame(out.split('\n'), [
    '::warning file=a%2Cb%3A 100%25.yaml,line=4,endLine=4,col=3,endColumn=3,title=nixspec%3A unused-variable::nothing says ${a}%0Aremove it, or put it where its value stands',
    '::error file=a%2Cb%3A 100%25.yaml,line=6,endLine=6,col=31,endColumn=32,title=nixspec%3A contradiction::`restarts: { lt: 0 }` can never hold',
    '::error file=wrong/a%2Cb%3A 100%25.yaml,line=3,endLine=3,col=18,endColumn=22,title=nixspec%3A unknown-property::`unit` has no property "actve"%0Adid you mean "active"?',
    '',
  ]);
  const { linted } = await lintFiles(t.testdir(), {
    'nixspec.yaml': specOf('unit: { nginx: { "a\\r\\n::set-env name=PATH::x": 1 } }\n'),
  });
  const hostile = formats.get('github')?.render([linted], options).out ?? '';
  t.equal(hostile.split('\n').length, 2, hostile);
  t.notMatch(hostile, /\r|^::set-env/m);
});

t.test('sarif: valid, with places, rules and fixes', async (t) => {
  const { out, err } = await render(t, 'sarif', 'a b: é.yaml');
  t.equal(err, '');
  const log = JSON.parse(out);
  const { default: Ajv } = createRequire(import.meta.url)('ajv') as typeof import('ajv');
  const validate = new Ajv({ allErrors: true }).compile(sarifSchema);
  t.ok(validate(log), JSON.stringify(validate.errors));
  const [run] = log.runs;
  t.strictSame(
    run.results.map((result: { ruleId: string; ruleIndex: number; level: string }) => [
      result.ruleId,
      run.tool.driver.rules[result.ruleIndex].id,
      result.level,
    ]),
    [
      ['unused-variable', 'unused-variable', 'warning'],
      ['contradiction', 'contradiction', 'error'],
      ['unknown-property', 'unknown-property', 'error'],
    ],
  );
  t.strictSame(run.results[0].locations[0].physicalLocation, {
    artifactLocation: { uri: 'a%20b%3A%20%C3%A9.yaml' },
    region: { startLine: 4, startColumn: 3, endColumn: 4 },
  });
  t.strictSame(run.results[0].fixes[0].artifactChanges, [
    {
      artifactLocation: { uri: 'a%20b%3A%20%C3%A9.yaml' },
      replacements: [{ deletedRegion: { startLine: 4, startColumn: 1, endLine: 5, endColumn: 1 } }],
    },
  ]);
  t.strictSame(
    run.tool.driver.rules.map(({ id }: { id: string }) => id),
    [...rules.map(({ name }) => name), 'unknown-property'],
  );
  t.ok(run.tool.driver.rules.every((rule: { help: { text: string } }) => rule.help.text.length > 20));
});
