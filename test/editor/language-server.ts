import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Where something is in a text; both from 0, as the protocol counts. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

export interface Diagnostic {
  readonly range: { readonly start: Place; readonly end: Place };
  readonly message: string;
  readonly severity: number;
}

export interface Completion {
  readonly label: string;
  /** What is put in, with places to go on at (`${1:443}`) where it is a snippet. */
  readonly insertText?: string;
  readonly textEdit?: { readonly newText: string };
  readonly documentation?: string | { readonly value: string };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

const nowhere = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/**
 * The yaml-language-server that editors run, driven as they do: JSON-RPC over standard input and output, with a header that tells
 * the length (Language Server Protocol 3.17, Base Protocol).
 */
export class LanguageServer {
  private buffer: Buffer = Buffer.alloc(0);
  private readonly waiting = new Map<number, (message: Message) => void>();
  private readonly diagnosed = new Map<string, (diagnostics: readonly Diagnostic[]) => void>();
  private lastId = 0;
  private count = 0;

  private constructor(
    private readonly process: ChildProcess,
    private readonly schema: string | undefined,
  ) {
    process.stdout?.on('data', (chunk: Buffer) => this.take(chunk));
    process.once('exit', () => this.giveUp());
  }

  /** @param schema path of the JSON Schema that a modeline before every text names; without it texts have one of their own */
  static async start(schema?: string): Promise<LanguageServer> {
    const program = createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server');
    const child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const server = new LanguageServer(child, schema);
    const completion = { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } };
    await server.request('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {
        workspace: { configuration: true },
        textDocument: { completion, hover: { contentFormat: ['markdown'] } },
      },
    });
    server.send({ method: 'initialized', params: {} });
    return server;
  }

  /** What an editor underlines in a text, and in which file it stands. */
  async diagnose(text: string, file?: string): Promise<readonly Diagnostic[]> {
    const uri = file === undefined ? this.nextUri() : pathToFileURL(file).href;
    const diagnosed = new Promise<readonly Diagnostic[]>((resolve) => this.diagnosed.set(uri, resolve));
    this.open(uri, text);
    const diagnostics = await diagnosed;
    this.close(uri);
    const lines = this.schema === undefined ? 0 : 1;
    const up = ({ line, character }: Place): Place => ({ line: line - lines, character });
    return diagnostics.map(({ range, ...rest }) => ({
      ...rest,
      range: { start: up(range.start), end: up(range.end) },
    }));
  }

  /** What an editor offers where `|` stands in a text. */
  async complete(text: string): Promise<readonly Completion[]> {
    const result = (await this.ask('textDocument/completion', text)) as { items: Completion[] } | Completion[] | null;
    return Array.isArray(result) ? result : (result?.items ?? []);
  }

  /** What an editor shows where `|` stands in a text. */
  async hover(text: string): Promise<string> {
    const result = (await this.ask('textDocument/hover', text)) as { contents: string | { value: string } } | null;
    const contents = result?.contents ?? '';
    return typeof contents === 'string' ? contents : contents.value;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }

  private async ask(method: string, marked: string): Promise<unknown> {
    const at = marked.indexOf('|');
    const before = marked.slice(0, at).split('\n');
    const uri = this.nextUri();
    this.open(uri, marked.slice(0, at) + marked.slice(at + 1));
    const lines = this.schema === undefined ? 0 : 1;
    const position = { line: before.length - 1 + lines, character: before.at(-1)?.length ?? 0 };
    const result = await this.request(method, { textDocument: { uri }, position });
    this.close(uri);
    return result;
  }

  /** What is still waited for will not come: an error is better than a test that hangs. */
  private giveUp(): void {
    for (const answer of this.waiting.values()) answer({ error: { message: 'the language server has ended' } });
    for (const [uri, diagnosed] of this.diagnosed)
      diagnosed([{ range: nowhere, severity: 1, message: `${uri}: the language server has ended` }]);
  }

  private nextUri(): string {
    this.count += 1;
    return pathToFileURL(`/specs/${this.count}.yaml`).href;
  }

  private open(uri: string, text: string): void {
    const modeline =
      this.schema === undefined ? '' : `# yaml-language-server: $schema=${pathToFileURL(this.schema).href}\n`;
    const textDocument = { uri, languageId: 'yaml', version: 1, text: modeline + text };
    this.send({ method: 'textDocument/didOpen', params: { textDocument } });
  }

  private close(uri: string): void {
    this.diagnosed.delete(uri);
    this.send({ method: 'textDocument/didClose', params: { textDocument: { uri } } });
  }

  private request(method: string, params: unknown): Promise<unknown> {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
      this.send({ id, method, params });
    });
  }

  private send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.process.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  private take(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      const length = Number(/Content-Length: (\d+)/i.exec(this.buffer.toString('latin1', 0, Math.max(end, 0)))?.[1]);
      if (end === -1 || this.buffer.length < end + 4 + length) return;
      const body = this.buffer.toString('utf8', end + 4, end + 4 + length);
      this.buffer = this.buffer.subarray(end + 4 + length);
      this.receive(JSON.parse(body) as Message);
    }
  }

  private receive(message: Message): void {
    if (message.method === undefined) this.waiting.get(message.id ?? 0)?.(message);
    else if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params as { uri: string; diagnostics: Diagnostic[] };
      this.diagnosed.get(uri)?.(diagnostics);
    } else if (message.id !== undefined) {
      // It asks for settings, and for leave to register something. No schema store: nothing may be fetched.
      const { items = [] } = (message.params ?? {}) as { items?: unknown[] };
      const settings = { validate: true, hover: true, completion: true, schemaStore: { enable: false } };
      this.send({ id: message.id, result: items.map(() => settings) });
    }
  }
}
