import { readFileSync } from 'node:fs';
import t from 'tap';
import { problemCodes } from '../../src/problem.js';
import { entryKeys } from '../../src/spec/keys.js';
import { checkSpec, sayProblem, specOf, writeFiles } from '../fixture/check-spec.js';

const page = readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8');

t.test('every block of YAML in the guide is a right spec, or the rest of one', async (t) => {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
  t.ok(blocks.length >= 8, `${blocks.length} blocks`);
  for (const [at, block] of blocks.entries()) {
    const folder = t.testdir({ 'common.yaml': 'version: 1\n', services: { 'a.yaml': 'version: 1\n' } });
    const text = block.includes('version: 1') ? block : specOf(block);
    const { problems, entries } = await checkSpec(writeFiles(folder, { 'nixspec.yaml': text }));
    t.strictSame(problems.map(sayProblem), [], `block ${at}: ${block.slice(0, 60)}`);
    t.ok([...entries.values()].every((list) => list.length > 0));
  }
});

t.test('the guide names all keys of an entry, and shows problems as they are drawn', async (t) => {
  for (const key of Object.keys(entryKeys)) t.match(page, `\`${key}\``);
  for (const [, code] of page.matchAll(/error\[([a-z-]+)\]/g))
    t.ok(Object.hasOwn(problemCodes, code ?? ''), String(code));
});
