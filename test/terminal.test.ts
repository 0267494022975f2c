import t from 'tap';
import { makePaint, printable, wantsColor } from '../src/terminal.js';

t.test('nothing that a terminal would act on gets through', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['plain ü ☃ 日本', 'plain ü ☃ 日本'],
    ['\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
    ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
    ['\u009b31m', '\\u009b31m'],
    ['a\nb\rc\td', 'a\\nb\\rc\\td'],
    ['\u202egpj.exe', '\\u202egpj.exe'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
    ['\u2028line\u2029', '\\u2028line\\u2029'],
    ['\u0000\u0008\u007f', '\\u0000\\u0008\\u007f'],
  ];
  for (const [text, expected] of rows) t.equal(printable(text), expected);
  t.equal(printable('a\nb\u001b', { lines: true }), 'a\nb\\u001b');
});

t.test('colours', async (t) => {
  const rows: readonly (readonly [string | undefined, NodeJS.ProcessEnv, boolean, boolean])[] = [
    [undefined, {}, true, true],
    [undefined, {}, false, false],
    [undefined, { NO_COLOR: '1' }, true, false],
    [undefined, { NO_COLOR: '' }, true, true],
    [undefined, { TERM: 'dumb' }, true, false],
    ['always', { NO_COLOR: '1' }, false, true],
    ['never', {}, true, false],
    ['auto', {}, true, true],
  ];
  for (const [choice, env, isTerminal, expected] of rows) {
    t.equal(wantsColor(choice, env, isTerminal), expected, JSON.stringify([choice, env, isTerminal]));
  }
  t.equal(makePaint(false)('red', 'x'), 'x');
  t.equal(makePaint(true)('red', 'x'), '\u001b[31mx\u001b[39m');
});
