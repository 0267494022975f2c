import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { checkSpec, resources, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

/** Each entry in the tables of docs/from-other-tools.md can be put into a spec as it stands. */
const page = readFileSync(fileURLToPath(new URL('../../docs/from-other-tools.md', import.meta.url)), 'utf8');
const names = [...resources.keys()];

function cellsOf(row: string): readonly string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const rows = page
  .split('\n')
  .map((line, at) => ({ line: at + 1, cells: line.startsWith('| ') ? cellsOf(line) : [] }))
  .filter(({ cells }) => cells.length > 0 && cells[0] !== 'there' && cells[0] !== '---');

t.test('every row has two cells, and most an entry', async (t) => {
  t.ok(rows.length > 100, `${rows.length} rows`);
  for (const { line, cells } of rows) t.equal(cells.length, 2, `line ${line}`);
  t.ok(rows.filter(({ cells }) => /^`.*`$/.test(cells[1] ?? '')).length >= rows.length - 1);
});

t.test('every entry is right', async (t) => {
  for (const { line, cells } of rows) {
    const entry = /^`(.*)`$/.exec(cells[1] ?? '')?.[1];
    if (entry === undefined) continue;
    t.ok(names.includes(entry.split(':')[0] ?? ''), `line ${line} is of a resource type`);
    const { problems } = await checkSpec(writeFiles(t.testdir(), { 'nixspec.yaml': specOf(`${entry}\n`) }));
    t.strictSame(problems.map(sayProblem), [], `line ${line}: ${entry}`);
  }
});
