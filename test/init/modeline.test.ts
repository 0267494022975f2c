import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { LanguageServer } from '../editor/language-server.js';
import { nixspec } from '../fixture/nixspec.js';

t.test('an editor loads the schema that the first line of the spec names', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-init-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const spec = join(folder, 'servers/web.yaml');
  const init = await nixspec(['init', '--host', 'web', '--ssh', 'root@web', '--spec', 'servers/web.yaml'], {
    cwd: folder,
  });
  t.equal(init.status, 0, init.err);
  const text = readFileSync(spec, 'utf8');
  const server = await LanguageServer.start();
  t.teardown(() => server.stop());
  t.strictSame(await server.diagnose(text, spec), [], 'nothing is said of the spec as it was written');
  const [mistake] = await server.diagnose(text.replace('listening: true', 'listning: true'), `${spec}.yaml`);
  t.match(mistake?.message, /listning/, 'and a mistake is seen');
});
