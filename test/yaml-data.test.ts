import t from 'tap';
import { parseYamlData } from '../src/yaml-data.js';

t.test('data', async (t) => {
  const cases: readonly [string, unknown][] = [
    ['', null],
    ['a: 1', { a: 1 }],
    ['a: .inf\n2: .nan', { a: null, 2: null }],
    ['a: 1\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['a: &x [1]\nb: *x', { a: [1], b: [1] }],
    ['a: 1\na: 2', { a: 2 }],
    ['when: 2026-01-01', { when: '2026-01-01' }],
    ['!own x', 'x'],
  ];
  for (const [text, value] of cases) t.strictSame(parseYamlData(text), { value }, text);
});

t.test('what a target could make up to harm nixspec', async (t) => {
  const grow = ['a0: &a0 [x, x]', ...Array.from({ length: 40 }, (_, at) => `b${at}: &a${at + 1} [*a${at}, *a${at}]`)];
  const deep = 'it nests deeper than 100 levels';
  const cases: readonly [string, string | RegExp][] = [
    ['['.repeat(200_000), deep],
    ['{'.repeat(200_000), deep],
    ['- '.repeat(100_000), deep],
    ['? '.repeat(100_000), deep],
    ['---\n'.repeat(60_000), 'it holds more than 1000 documents'],
    [grow.join('\n'), /alias/],
    ['x'.repeat(300_000), 'it has more than 256 Ki characters'],
    ['*x', /^Unresolved alias/],
    ['a: [1', /^Flow sequence/],
  ];
  for (const [text, mistake] of cases) {
    const begun = Date.now();
    t.match(parseYamlData(text), { mistake }, text.slice(0, 20));
    t.ok(Date.now() - begun < 3000, 'soon');
  }
});
