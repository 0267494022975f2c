import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { commandNames, loadCommand } from '../../src/command.js';
import { exitCodeMeanings } from '../../src/error.js';
import { composeManual } from '../../src/manual/manual.js';
import { escapeRoff, roffLines, roffTerm, roffText } from '../../src/manual/roff.js';

const page = await composeManual('1.2.3', '2026-11-23');
const lacks = (program: string) =>
  spawnSync(program, ['--version']).error ? `${program} is not here (Debian: apt install ${program})` : false;

t.test('mandoc finds nothing to say', { skip: lacks('mandoc') }, async (t) => {
  const { status, stdout, stderr } = spawnSync('mandoc', ['-Tlint', '-Wall'], { input: page, encoding: 'utf8' });
  // Which sections there are, and their dates, is each system's own taste.
  t.strictSame({ status, said: `${stdout}${stderr}` }, { status: 0, said: '' });
});

t.test('groff finds nothing to say', { skip: lacks('groff') }, async (t) => {
  const { status, stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-P-c'], {
    input: page,
    encoding: 'utf8',
  });
  t.strictSame({ status, stderr }, { status: 0, stderr: '' });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bold is struck twice
  const plain = stdout.replace(/.\u0008/g, '');
  t.match(plain, 'nixspec verify production --watch=30s', 'what is to be copied is ASCII');
  t.match(plain, 'nixspec verify [options] <target...>');
  t.match(plain, /^EXIT STATUS$/m);
});

t.test('every command, option, argument and exit code stands in it', async (t) => {
  for (const command of await Promise.all(commandNames().map(loadCommand))) {
    t.match(page, `.SS ${command.name}\n`);
    for (const { flags } of command.options)
      t.ok(page.includes(`.TP\n\\fB${escapeRoff(flags)}\\fP\n`), `${command.name} ${flags}`);
    for (const { name } of command.arguments)
      t.ok(page.includes(`.TP\n\\fB${escapeRoff(name)}\\fP\n`), `${command.name} ${name}`);
    for (const [line] of command.examples) t.ok(page.includes(`.nf\n${escapeRoff(line)}\n.fi`), line);
  }
  for (const code of Object.keys(exitCodeMeanings)) t.match(page, `.TP\n\\fB${code}\\fP\n`);
});

t.test('sections, in the order of man-pages(7)', async (t) => {
  t.strictSame(
    [...page.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title),
    ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'COMMANDS', 'EXIT STATUS', 'ENVIRONMENT', 'FILES', 'EXAMPLES', 'SEE ALSO'],
  );
});

t.test('text is text', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['.de x', '\\&.de x'],
    ["'br", '\\(aqbr'],
    ['a\\nb', 'a\\enb'],
    ['as `ssh -F` says…', 'as \\fBssh \\-F\\fP says\\[u2026]'],
    ['~1 ^ "q" 😀', '\\(ti1 \\(ha \\(dqq\\(dq \\[u1F600]'],
  ];
  for (const [text, roff] of rows) t.equal(roffText(text), roff);
  t.equal(roffLines(['.a', 'b  c']), '\\&.a\nb  c');
  t.equal(roffTerm('-x', 'it'), '.TP\n\\fB\\-x\\fP\nit');
  t.match(roffText(`${'word '.repeat(30)}.x`), /^(word ?)+\n(word ?)+\.x$/, 'no line of the source is long');
});

t.test('the build makes it, and npm installs it', async (t) => {
  const { man, files } = JSON.parse(readFileSync('package.json', 'utf8')) as { man: string; files: string[] };
  t.equal(man, 'dist/nixspec.1');
  t.ok(files.includes('dist'));
  if (t.ok(existsSync(man))) t.match(readFileSync(man, 'utf8'), '.TH NIXSPEC 1 ');
});
