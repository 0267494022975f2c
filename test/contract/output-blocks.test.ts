import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { drawProblem } from '../../src/problem.js';
import { checkSpec, resources, specOf, writeFiles } from '../fixture/check-spec.js';

/**
 * Blocks of the documentation that show what nixspec says, and that no block is in a language that no test knows. What they
 * show is shortened and from machines that a test has not, so that the words are checked: what is said of an entry by the
 * tables, the rest by the source, in which it must be found.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = ['README.md', ...listFiles('docs', /\.md$/)];
const source = listFiles('src', /\.ts$/)
  .map((file) => readFileSync(`${root}${file}`, 'utf8'))
  .join('\n');

/** Each has a test that reads its blocks: docs, nix-blocks, command-lines, lint-docs (the last two), this one. */
const languages = ['yaml', 'nix', 'sh', 'text', 'python', 'json', 'console', 'yaml pre-commit'];

const blocks = pages.flatMap((page) => {
  const text = readFileSync(`${root}${page}`, 'utf8');
  return [...text.matchAll(/^```(.*)\n((?:(?!```).*\n)*)```$/gm)].map(([, language = '', body = '']) => ({
    page,
    language,
    body,
  }));
});

t.test('every block is in a language that is checked', async (t) => {
  t.ok(blocks.length > 50);
  for (const { page, language, body } of blocks) t.ok(languages.includes(language), `${page}: ${language}\n${body}`);
});

t.test('JSON can be parsed', async (t) => {
  for (const { page, body } of blocks.filter(({ language }) => language === 'json'))
    t.doesNotThrow(() => JSON.parse(body), `${page}: ${body}`);
});

t.test('Python shows steps of a test that the page translates', async (t) => {
  for (const { page, body } of blocks.filter(({ language }) => language === 'python')) {
    const cells = readFileSync(`${root}${page}`, 'utf8').split('\n');
    const steps = [...body.matchAll(/machine\.(\w+)/g)].map(([, step = '']) => step);
    t.ok(steps.length > 0, page);
    for (const step of steps)
      t.ok(
        cells.some((line) => line.startsWith('| `') && line.includes(`machine.${step}(`)),
        `${page}: ${step}`,
      );
  }
});

t.test('a mistake is drawn as it is shown', async (t) => {
  const shown = blocks.filter(({ language, body }) => language === 'text' && /: error\[/.test(body));
  t.ok(shown.length > 0);
  for (const { page, body } of shown) {
    const [, line = '', code = ''] = /^(\d+) \| (.*)$/m.exec(body) ?? [];
    const lines = specOf('').trimEnd().split('\n');
    const spec = [...lines, ...Array(Number(line) - lines.length - 2).fill('# more'), 'unit:', code, ''].join('\n');
    const file = writeFiles(t.testdir(), { 'nixspec.yaml': spec });
    const { problems } = await checkSpec(file);
    const drawn = problems.map((problem) => drawProblem(problem, { color: false })).join('');
    t.equal(drawn.replaceAll(file, 'nixspec.yaml').trim(), body.trim(), page);
  }
});

t.test('what is shown of a run and a comparison is in words that there are', async (t) => {
  const lines = blocks
    .filter(({ language, body }) => language === 'text' && !/: error\[/.test(body))
    .flatMap(({ page, body }) => body.split('\n').map((line) => ({ page, line })));
  t.ok(lines.length > 40);
  for (const { page, line } of lines) t.ok(isSaid(line), `${page}: ${line}`);
});

t.test('and other words are found', async (t) => {
  for (const line of [
    '  ✓ unit nginx.service  actve, healthy',
    '  ✗ service nginx  active',
    '  vanished  unit nginx.service active  true → false',
    'production: 14 wonderful',
    'production: everything is simply wonderful today, trust me',
  ])
    t.notOk(isSaid(line), line);
});

function isSaid(line: string): boolean {
  if (line.trim() === '' || /^(\$ )?nixspec /.test(line)) return true;
  const [, type, names = ''] = /^ {2}[✓✗!~?] (\S+) \S+(?: {2}(.*))?$/.exec(line) ?? [];
  if (type !== undefined && !resources.has(type)) return false;
  if (type !== undefined) return names === '' || names.split(', ').every(isPropertyOf(type));
  const [, kind, changed = '', property = ''] = /^ {2}(\w+) +(\S+) \S+ (\S+) {2}/.exec(line) ?? [];
  if (kind !== undefined && kinds.has(kind)) return isPropertyOf(changed)(property);
  const words = wordsOf(line);
  const isShort = words.length <= 5 && words.every((word) => new RegExp(`\\b${word}\\b`).test(source));
  return isShort || longestFound(line, words) >= 2;
}

const kinds = new Set(['broke', 'fixed', 'lost', 'found', 'drifted', 'intended', 'added', 'removed']);

function isPropertyOf(type: string): (name: string) => boolean {
  const properties = resources.get(type)?.properties ?? {};
  return (name) => (name.split('.')[0] ?? '') in properties || name === 'exists';
}

function wordsOf(line: string): readonly string[] {
  return line.split(/[\s·:,;()]+/).filter((word) => /^[a-z'’-]+$/i.test(word));
}

/** Of all runs of words in a line, the number of words of the longest that the source has as it stands. */
function longestFound(line: string, words: readonly string[]): number {
  for (let length = words.length; length > 0; length -= 1)
    for (let at = 0; at + length <= words.length; at += 1) {
      const run = words.slice(at, at + length).join(' ');
      if (line.includes(run) && source.includes(run)) return length;
    }
  return 0;
}

function listFiles(folder: string, ending: RegExp): string[] {
  return readdirSync(`${root}${folder}`, { encoding: 'utf8', recursive: true })
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name}`);
}
