import { readFileSync } from 'node:fs';
import t from 'tap';
import { composeGenerated } from '../../src/generated.js';

const root = new URL('../../', import.meta.url);
const { files } = await composeGenerated();

t.strictSame(Object.keys(files).sort(), ['docs/lint-rules.md', 'docs/reference.md', 'schema/spec.json']);

for (const [file, text] of Object.entries(files)) {
  const committed = readFileSync(new URL(file, root), 'utf8');
  t.ok(committed === text, `${file} is what the tables give; if not, run \`npm run generate\``);
}
