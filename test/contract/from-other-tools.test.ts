import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { checkSpec, resources, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

/** Each entry in the tables of these pages can be put into a spec as it stands. */
const pages = [
  { page: 'from-other-tools', least: 100, without: 1 },
  { page: 'from-nixos-tests', least: 15, without: 4 },
];
const names = [...resources.keys()];

function cellsOf(row: string): readonly string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

for (const { page, least, without } of pages) {
  const text = readFileSync(fileURLToPath(new URL(`../../docs/${page}.md`, import.meta.url)), 'utf8');
  const rows = text
    .split('\n')
    .map((line, at) => ({ line: at + 1, cells: line.startsWith('| ') ? cellsOf(line) : [] }))
    .filter(({ cells }) => cells.length === 2 && cells[0] !== 'there' && cells[0] !== '---');

  t.test(`${page}: most rows have an entry`, async (t) => {
    t.ok(rows.length > least, `${rows.length} rows`);
    t.ok(rows.filter(({ cells }) => /^`.*`$/.test(cells[1] ?? '')).length >= rows.length - without);
  });

  t.test(`${page}: every entry is right`, async (t) => {
    for (const { line, cells } of rows) {
      const entry = /^`(.*)`$/.exec(cells[1] ?? '')?.[1];
      if (entry === undefined || entry === 'spec') continue;
      t.ok(names.includes(entry.split(':')[0] ?? ''), `line ${line} is of a resource type`);
      const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': specOf(`${entry}\n`) }));
      t.strictSame(problems.map(sayProblem), [], `line ${line}: ${entry}`);
    }
  });
}
