import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { checkSpec, sayProblem } from '../fixture/check-spec.js';

/**
 * Specs of the first version of the language, as they were once: they hold for ever. What is here is never changed; where one
 * fails, it is the language that must go on taking it (or be a version 2, beside this one).
 */
const folder = fileURLToPath(new URL('versions/1/', import.meta.url));

t.test('an old spec goes on working', async (t) => {
  const files = readdirSync(folder);
  t.ok(files.length >= 20, `${files.length} specs`);
  for (const file of files) {
    const { problems, entries } = await checkSpec(`${folder}${file}`, {
      env: new Proxy({}, { get: () => '/somewhere' }),
      vars: { 'staging-peer': 'a', 'production-peer': 'b' },
    });
    const mistakes = problems.filter(({ severity }) => severity === 'error');
    t.strictSame(mistakes.map(sayProblem), [], file);
    for (const [target, list] of entries) t.ok(list.length > 0, `${file}: entries for ${target}`);
  }
});
