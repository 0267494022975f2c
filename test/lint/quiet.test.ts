import t from 'tap';
import { specOf } from '../fixture/check-spec.js';
import { lintFiles, sayAll } from '../fixture/lint-text.js';

const empty = '{ ge: 0 }';

/** Where an `always-holds` is still told: lines of the text, which begins in line 3. */
const rows: readonly (readonly [what: string, text: string, lines: readonly number[]])[] = [
  ['no comment', `unit:\n  a: { restarts: ${empty} }\n`, [4]],
  [
    'behind the line',
    `unit:\n  a: { restarts: ${empty} } # nixspec-ignore always-holds\n  b: { restarts: ${empty} }\n`,
    [5],
  ],
  ['with a reason', `unit:\n  a: { restarts: ${empty} } # nixspec-ignore always-holds: the number: 0 # or more\n`, []],
  ['several', `unit:\n  a: { restarts: ${empty} } # nixspec-ignore contradiction, always-holds\n`, []],
  ['another rule', `unit:\n  a: { restarts: ${empty} } # nixspec-ignore contradiction\n`, [4]],
  [
    'above an entry, for all of it and no more',
    `unit:\n  # nixspec-ignore always-holds\n  a:\n    active: true\n    restarts: ${empty}\n    memory: ${empty}\n  b: { restarts: ${empty} }\n`,
    [9],
  ],
  [
    'above a property',
    `unit:\n  a:\n    # nixspec-ignore always-holds\n    restarts: ${empty}\n    memory: ${empty}\n`,
    [7],
  ],
  [
    'above a section, with other comments between',
    `# nixspec-ignore always-holds\n# and this\nunit:\n  a: { restarts: ${empty} }\n  b: { restarts: ${empty} }\nfile:\n  /x: { size: ${empty} }\n`,
    [9],
  ],
  [
    'the last key of a mapping that the comment stands behind',
    `unit:\n  a:\n    restarts: ${empty}\n    # nixspec-ignore always-holds\n  b: { restarts: ${empty} }\n`,
    [5],
  ],
  ['for a file', `unit:\n  a: { restarts: ${empty} }\n# nixspec-ignore-file always-holds\n`, []],
  ['in a text', `unit:\n  a: { restarts: ${empty}, status-text: "# nixspec-ignore always-holds" }\n`, [4]],
  ['below', `unit:\n  a: { restarts: ${empty} }\n  # nixspec-ignore always-holds\n`, [4]],
];

for (const [what, text, lines] of rows) {
  t.test(what, async (t) => {
    const { linted } = await lintFiles(t.testdir(), { 'nixspec.yaml': specOf(text) });
    t.strictSame(
      linted.problems.map(({ position }) => position.line),
      lines,
      sayAll(t.testdirName, linted).join('\n'),
    );
  });
}

t.test('a comment is for its own file', async (t) => {
  const { linted } = await lintFiles(t.testdir(), {
    'nixspec.yaml': specOf(
      `include: [b.yaml]\nunit: { a: { restarts: ${empty} } } # nixspec-ignore-file always-holds\n`,
    ),
    'b.yaml': `version: 1\n\n\nunit: { b: { restarts: ${empty} } }\n`,
  });
  t.strictSame(sayAll(t.testdirName, linted), [
    'b.yaml:4:26 always-holds `restarts: { ge: 0 }` holds whatever `restarts` is (say what a fault would break, or `exists: true`)',
  ]);
});

t.test('mistakes of the language cannot be silenced', async (t) => {
  const { linted } = await lintFiles(t.testdir(), {
    'nixspec.yaml': specOf('unit: { a: { actve: true } } # nixspec-ignore-file unknown-property\n'),
  });
  t.strictSame(
    linted.problems.map(({ code }) => code),
    ['unknown-property', 'unknown-rule'],
  );
});
