// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import t from 'tap';
import { specOf } from '../fixture/check-spec.js';
import { lintFiles } from '../fixture/lint-text.js';

const unit = 'unit: { nginx: { active: true, status-text: "${used}" } }\n';

/** The text of `vars`, and what becomes of it; the same where nothing is mended. */
const rows: readonly (readonly [what: string, before: string, after: string])[] = [
  ['a line', 'vars:\n  a: 1\n  used: x\n', 'vars:\n  used: x\n'],
  ['the last line', 'vars:\n  used: x\n  a: 1\n', 'vars:\n  used: x\n'],
  ['several lines', 'vars:\n  a:\n    - 1\n    - b: 2\n\n  used: x\n', 'vars:\n\n  used: x\n'],
  ['a text of several lines', 'vars:\n  a: |\n    one\n    two\n  used: x\n', 'vars:\n  used: x\n'],
  ['two', 'vars:\n  a: 1\n  b: "${a}"\n  used: x\n', 'vars:\n  used: x\n'],
  ['with CR LF', 'vars:\r\n  a: 1\r\n  used: x\r\n', 'vars:\r\n  used: x\r\n'],
  ['odd spaces and quotes stay', 'vars:\n  used:    "x"   # of all\n  a: 1\n', 'vars:\n  used:    "x"   # of all\n'],
  ['not with a comment behind it', 'vars:\n  a: 1 # the port\n  used: x\n', ''],
  ['not with a comment above it', 'vars:\n  # the port\n  a: 1\n  used: x\n', ''],
  ['not in braces', 'vars: { a: 1, used: x }\n', ''],
  ['not an anchor', 'vars:\n  a: &x x\n  used: *x\n', ''],
];

for (const [what, before, after] of rows) {
  t.test(what, async (t) => {
    const text = specOf(`${before}${unit}`);
    const { linted, fix } = await lintFiles(t.testdir(), { 'nixspec.yaml': text });
    t.ok(linted.problems.every(({ code }) => code === 'unused-variable') && linted.problems.length > 0);
    const [fixed, ...others] = await fix();
    t.strictSame(others, []);
    t.equal(fixed?.text, after === '' ? undefined : specOf(`${after}${unit}`));
    t.equal(
      linted.problems.some((problem) => problem.fix !== undefined),
      after !== '',
      'what is offered is what is done',
    );
  });
}

t.test('not all of a mapping, which would leave a mistake', async (t) => {
  const { fix } = await lintFiles(t.testdir(), {
    'nixspec.yaml': specOf('vars:\n  a: 1\n  b: 2\nunit: { a: { active: true } }\n'),
  });
  t.strictSame(await fix(), []);
});

t.test('not in an included file, and not where there are mistakes', async (t) => {
  const included = await lintFiles(t.testdir(), {
    'nixspec.yaml': specOf(`include: [b.yaml]\n${unit}`),
    'b.yaml': 'version: 1\nvars:\n  a: 1\n  used: x\n',
  });
  t.strictSame(await included.fix(), []);
  const wrong = await lintFiles(t.testdir(), {
    'nixspec.yaml': specOf(`vars:\n  a: 1\n  used: x\n${unit}file: { x: {} }\n`),
  });
  t.strictSame(await wrong.fix(), []);
});

t.test('a fix that would change what is asserted is refused', async (t) => {
  const { draft, linted } = await lintFiles(t.testdir(), { 'nixspec.yaml': specOf(`vars:\n  used: x\n${unit}`) });
  const [file] = linted.source.files;
  if (!file) throw new Error('there is a file');
  const at = file.text.indexOf('active: true');
  const { fixSpec } = await import('../../src/lint/fix.js');
  const problem = {
    code: 'test',
    severity: 'warning',
    message: '',
    position: { file: file.name, line: 1, column: 1 },
    length: 1,
    fix: [{ file, start: at, end: at + 'active: true'.length, text: 'active: false' }],
  } as const;
  await t.rejects(fixSpec(draft, { ...linted, problems: [problem] }), { message: /would change what it asserts/ });
});
