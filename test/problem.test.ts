import t from 'tap';
import type { Problem } from '../src/model.js';
import { drawProblem } from '../src/problem.js';

const base: Problem = {
  code: 'unknown-property',
  severity: 'error',
  message: '`unit` has no property "actve"',
  hint: 'did you mean "active"?',
  position: { file: 'nixspec.yaml', line: 12, column: 12 },
  length: 5,
  source: '  nginx: { actve: true }',
};

function draw(change: Partial<Problem>, color = false): string {
  return drawProblem({ ...base, ...change }, { color });
}

t.test('the frame', async (t) => {
  t.equal(
    draw({}),
    `nixspec.yaml:12:12: error[unknown-property]: \`unit\` has no property "actve"
   |
12 |   nginx: { actve: true }
   |            ^^^^^
   = did you mean "active"?`,
  );
});

t.test('without a hint, without a source, a warning', async (t) => {
  const { hint, source, ...bare } = base;
  t.equal(
    drawProblem({ ...bare, severity: 'warning', message: 'x' }, { color: false }),
    'nixspec.yaml:12:12: warning[unknown-property]: x',
  );
});

t.test('places at the edges', async (t) => {
  const frame = (change: Partial<Problem>) =>
    draw({ ...change, hint: undefined as never })
      .split('\n')
      .slice(2, 4);
  const at = (column: number, line = 12) => ({ file: 'a', line, column });
  t.strictSame(frame({ position: at(1), length: 1 }), ['12 |   nginx: { actve: true }', '   | ^']);
  t.strictSame(frame({ position: at(25), length: 1 }), [
    '12 |   nginx: { actve: true }',
    '   |                         ^',
  ]);
  t.strictSame(frame({ position: at(99), length: 9 }), [
    '12 |   nginx: { actve: true }',
    '   |                         ^',
  ]);
  t.strictSame(frame({ source: '', position: at(1, 1), length: 1 }), ['1 | ', '  | ^']);
});

t.test('tabs and wide characters: the caret stands under the place', async (t) => {
  const table: readonly (readonly [
    source: string,
    column: number,
    length: number,
    frame: readonly [string, string],
  ])[] = [
    ['\ta: x', 5, 1, ['1 |     a: x', '  |        ^']],
    ['a: "\t" # x', 9, 1, ['1 | a: "    " # x', '  |            ^']],
    ['名前: x', 5, 1, ['1 | 名前: x', '  |       ^']],
    ['"名前": x', 1, 4, ['1 | "名前": x', '  | ^^^^^^']],
    ['"🚀🚀": x', 9, 1, ['1 | "🚀🚀": x', '  |         ^']],
    ['e\u0301: x', 5, 1, ['1 | e\u0301: x', '  |    ^']],
  ];
  for (const [source, column, length, [line, carets]] of table) {
    const drawn = draw({ source, length, position: { file: 'a', line: 1, column } }).split('\n');
    t.strictSame([drawn[2], drawn[3]], [line, carets], JSON.stringify(source));
  }
});

t.test('hostile text reaches no terminal', async (t) => {
  const hostile = '\u001b[31m\u202e\u0007\u009b2J';
  const drawn = draw({
    message: hostile,
    hint: `a\nb${hostile}`,
    source: `x: ${hostile} y`,
    position: { file: `a${hostile}`, line: 1, column: 4 },
    length: 4,
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
  t.notMatch(drawn, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  t.equal(drawn.split('\n').length, 5);
  t.match(drawn, '\\u001b[31m');
});

t.test('very long lines: what stands around the place', async (t) => {
  const source = `${'a'.repeat(5000)} actve ${'b'.repeat(5000)}`;
  const drawn = draw({ source, position: { file: 'a', line: 1, column: 5002 } }).split('\n');
  t.ok(drawn.every((line) => line.length < 120));
  t.match(drawn[2], /^1 \| …a+ actve b+…$/);
  t.equal(drawn[2]?.indexOf('actve'), drawn[3]?.indexOf('^^^^^'));
  const whole = draw({ source, position: { file: 'a', line: 1, column: 1 }, length: 10_000 }).split('\n');
  t.ok(whole.every((line) => line.length < 160));
});

t.test('colours', async (t) => {
  t.match(draw({}, true), '\u001b[31m^^^^^\u001b[39m');
  t.notMatch(draw({}), '\u001b');
});
