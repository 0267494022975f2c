import { execFileSync } from 'node:child_process';
import t from 'tap';
import { joinScripts, quoteWord, sh } from '../../src/shell/sh.js';

const hostile = [
  '',
  'a b',
  "it's",
  '$HOME',
  '`id`',
  '$(id)',
  '-n',
  '*',
  'a\nb',
  '"',
  '\\',
  ';',
  '~',
  '#',
  'ü',
  '\u0001',
  'a=b',
  '!x',
];

t.test('every word comes out of a real shell as it went in', async (t) => {
  for (const word of hostile) {
    const script = sh`printf '%s|' ${word} ${[word, 'x']}`;
    t.equal(
      execFileSync('/bin/sh', ['-c', script.raw], { encoding: 'utf8' }),
      `${word}|${word}|x|`,
      JSON.stringify(word),
    );
  }
});

t.test('a word at the beginning of a command is never an assignment or an option of printf', async (t) => {
  t.equal(quoteWord('A=b'), "'A=b'");
  t.equal(quoteWord('-n'), "'-n'");
  t.equal(quoteWord('nginx.service'), 'nginx.service');
});

t.test('numbers and scripts are put in as they are', async (t) => {
  const inner = sh`echo ${'a b'}`;
  t.equal(sh`head -c ${7}; ${inner}`.raw, "head -c 7; echo 'a b'");
  t.equal(joinScripts([inner, sh`true`]).raw, "echo 'a b'\ntrue");
});

t.test('what only looks like a script is refused', async (t) => {
  const forged = { raw: 'rm -rf /' };
  t.throws(() => sh`${forged}`, { message: 'only scripts made by sh`…` may be put into a script' });
});

t.test('a NUL byte cannot be quoted', async (t) => {
  t.throws(() => sh`echo ${'a\0b'}`, RangeError);
});
