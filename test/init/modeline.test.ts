import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { nixspec } from '../fixture/nixspec.js';

/** What an editor's yaml-language-server says of a text at a path, once it has said something (LSP 3.17, base protocol). */
function diagnose(path: string, texts: readonly string[]): Promise<readonly (readonly string[])[]> {
  const server = spawn(process.execPath, ['node_modules/yaml-language-server/bin/yaml-language-server', '--stdio'], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const send = (message: object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  const uri = pathToFileURL(path).href;
  const said: (readonly string[])[] = [];
  let rest = Buffer.alloc(0);
  const open = () => {
    const version = said.length + 1;
    const text = texts[said.length];
    if (text === undefined) return void server.kill();
    const document = { uri, languageId: 'yaml', version, text };
    if (said.length > 0) send({ method: 'textDocument/didClose', params: { textDocument: { uri } } });
    send({ method: 'textDocument/didOpen', params: { textDocument: document } });
  };
  const read = (message: {
    id?: number;
    method?: string;
    params?: { diagnostics: { message: string }[]; items?: object[] };
  }) => {
    if (message.method === 'workspace/configuration') {
      // No schema store: nothing may be fetched.
      const settings = { validate: true, schemaStore: { enable: false } };
      send({ id: message.id, result: (message.params?.items ?? []).map(() => settings) });
    } else if (message.id !== undefined && message.method !== undefined) send({ id: message.id, result: null });
    else if (message.id === 1) {
      send({ method: 'initialized', params: {} });
      open();
    } else if (message.method === 'textDocument/publishDiagnostics') {
      const found = message.params?.diagnostics.map((one) => one.message) ?? [];
      // Closing a document takes its diagnostics away.
      if (said.length > 0 && found.length === 0) return;
      said.push(found);
      open();
    }
  };
  server.stdout.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      const length = Number(
        /Content-Length: (\d+)/.exec(rest.subarray(0, Math.max(0, end)).toString())?.[1] ?? Number.NaN,
      );
      if (end < 0 || rest.length < end + 4 + length) return;
      const body = rest.subarray(end + 4, end + 4 + length).toString();
      rest = rest.subarray(end + 4 + length);
      read(JSON.parse(body));
    }
  });
  send({
    id: 1,
    method: 'initialize',
    params: { processId: process.pid, rootUri: null, capabilities: { workspace: { configuration: true } } },
  });
  return new Promise((resolve) => server.on('close', () => resolve(said)));
}

t.test('an editor loads the schema that the first line of the spec names', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nixspec-init-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const spec = join(folder, 'servers/web.yaml');
  const init = await nixspec(['init', '--host', 'web', '--ssh', 'root@web', '--spec', 'servers/web.yaml'], {
    cwd: folder,
  });
  t.equal(init.status, 0, init.err);
  const text = readFileSync(spec, 'utf8');
  const [good, bad] = await diagnose(spec, [text, text.replace('listening: true', 'listning: true')]);
  t.strictSame(good, [], 'nothing is said of the spec as it was written');
  t.match(bad?.join('\n'), /listning/, 'and a mistake is seen');
});
