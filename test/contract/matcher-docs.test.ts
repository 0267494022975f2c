import { readFileSync } from 'node:fs';
import t from 'tap';
import { loadMatchers } from '../../src/matcher.js';
import type { ValueTypeName } from '../../src/model.js';
import { compareVersions, guessVersionRules } from '../../src/version-order.js';
import { judgeCases } from '../fixture/judge-yaml.js';

/** What docs/matchers.md says in tables is so. */
const text = readFileSync(new URL('../../docs/matchers.md', import.meta.url), 'utf8');
const matchers = await loadMatchers();

/** The rows of the table under a heading, without its head; the n-th table of it. */
function tableUnder(heading: string, count = 0): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const tables = section
    .split(/\n\n/)
    .map((part) => part.trim())
    .filter((part) => part.startsWith('|'));
  const rows = (tables[count] ?? '').trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const code = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

t.test('which matcher judges what', async (t) => {
  const columns: readonly (readonly ValueTypeName[])[] = [
    ['boolean'],
    ['number', 'percentage', 'duration', 'size', 'time'],
    ['string', 'mode', 'version'],
    ['text'],
    ['list'],
    ['map'],
    ['json'],
  ];
  const told = new Set<string>();
  for (const [names = '', ...cells] of tableUnder('Which matcher judges what')) {
    for (const name of code(names)) {
      const types = matchers.get(name)?.types ?? [];
      told.add(name);
      for (const [at, column] of columns.entries()) {
        const able = column.some((type) => types.includes(type));
        t.equal(cells[at] !== '', able, `${name} on ${column.join(', ')}`);
      }
    }
  }
  t.same([...told].sort(), [...matchers.keys()].sort(), 'every matcher is there');
});

t.test('the order of versions', async (t) => {
  const rows = tableUnder('Versions');
  t.ok(rows.length > 5);
  for (const [earlier = '', later = ''] of rows) {
    const [a = '', b = ''] = [...code(earlier), ...code(later)];
    t.ok(compareVersions(a, b, guessVersionRules(a, b)) < 0, `${a} before ${b}`);
  }
});

t.test('how values are written', async (t) => {
  const rows = tableUnder('Numbers').flatMap(([type = '', written = '']) => code(written).map((yaml) => [type, yaml]));
  t.ok(rows.length > 20);
  const said = await judgeCases(
    rows.map(([type = '', yaml = '']) => ({ property: type, actual: 0, yaml: `{ not: ${yaml} }` })),
  );
  for (const [at, { verdict, message }] of said.entries())
    t.equal(verdict, 'passed', `${rows[at]?.join(' ')} ${message}`);
});

t.test('patterns', async (t) => {
  const rows = tableUnder('Patterns').flatMap(([pattern = '']) => code(pattern));
  t.ok(rows.length >= 7);
  const said = await judgeCases(rows.map((one) => ({ property: 'text', actual: 'x', yaml: `['${one}']` })));
  for (const [at, { verdict, message }] of said.entries()) t.not(verdict, 'mistake', `${rows[at]} ${message}`);
});
