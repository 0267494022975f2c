import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { type Answer, decode, encode } from 'dns-packet';
import { main } from '../../src/cli.js';
import type { World as OuterWorld } from '../../src/command.js';
import { lintText } from '../../src/goss/check.js';
import type { Target } from '../../src/goss/compose.js';
import { gossTypes } from '../../src/goss/goss-types.js';
import { makeSpec } from '../../src/goss/make-spec.js';
import { readSuite } from '../../src/goss/read.js';
import type { Remark } from '../../src/goss/remarks.js';
import type { Outcome, Problem, Run } from '../../src/model.js';
import { makeValidator } from '../../src/spec/compile-validator.js';
import { composeSchema } from '../../src/spec/schema.js';
import { matchers, resources } from '../fixture/check-spec.js';
import type { Case } from './cases.js';

const validator = makeValidator(composeSchema(resources, matchers));

/** What the cases are about: files, a web server, a name server. */
export interface World {
  readonly folder: string;
  fill(text: string): string;
  close(): void;
}

export async function makeWorld(folder: string): Promise<World> {
  makeFiles(folder);
  const web = createServer(answerHttp);
  const six = createTcpServer();
  const dns = createSocket('udp4');
  dns.on('message', (message, { address, port }) => dns.send(answerDns(message), port, address));
  await Promise.all([
    new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve)),
    new Promise<void>((resolve) => six.listen({ port: 0, host: '::1', ipv6Only: true }, resolve)),
    new Promise<void>((resolve) => dns.bind(0, '127.0.0.1', resolve)),
  ]);
  const portOf = (server: { address(): unknown }) => String((server.address() as { port: number }).port);
  const values: readonly (readonly [string, string])[] = [
    ['DIR', folder],
    ['PORT6', portOf(six)],
    ['PORT', portOf(web)],
    ['DNS', portOf(dns)],
    ['UID', String(process.getuid?.() ?? 0)],
  ];
  return {
    folder,
    fill: (text) => values.reduce((filled, [name, value]) => filled.replaceAll(name, value), text),
    close: () => {
      web.close();
      six.close();
      dns.close();
    },
  };
}

function makeFiles(folder: string): void {
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('text', 'first\nsecond line\n5\n\nend\n');
  chmodSync(join(folder, 'text'), 0o640);
  write('signs', '!wow\n/etc/passwd\n!/etc/\\d 7\nopt\n');
  write('crlf', 'one\r\ntwo\r\n');
  write('empty', '');
  write('json', '{"status":"up","count":15,"on":true,"off":false,"list":["a","b"],"inner":{"x":"yes"}}\n');
  mkdirSync(join(folder, 'folder'));
  symlinkSync('text', join(folder, 'link'));
  symlinkSync('nowhere', join(folder, 'dangling'));
}

function answerHttp(request: IncomingMessage, response: ServerResponse): void {
  const { url = '', method = '', headers } = request;
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('X-Test', 'one');
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    if (url === '/moved') response.writeHead(302, { location: '/' }).end();
    else if (url === '/json') response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"up"}');
    else if (url === '/echo') {
      const words = ['host', 'x-own'].map((name) => `${name}=${String(headers[name] ?? '')}`);
      response.end(`${method}\n${words.join('\n')}\n${Buffer.concat(chunks).toString()}\n`);
    } else if (url === '/private') {
      const right = headers.authorization === `Basic ${Buffer.from('alice:secret').toString('base64')}`;
      response.writeHead(right ? 200 : 401, right ? {} : { 'www-authenticate': 'Basic realm="x"' }).end();
    } else response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('Hello, world');
  });
}

const records: { readonly [question: string]: readonly Answer[] } = {
  'A a.test': [{ type: 'A', name: 'a.test', data: '192.0.2.1' }],
  'AAAA a.test': [{ type: 'AAAA', name: 'a.test', data: '2001:db8::1' }],
  'MX a.test': [{ type: 'MX', name: 'a.test', data: { preference: 10, exchange: 'mail.a.test' } }],
  'NS a.test': [{ type: 'NS', name: 'a.test', data: 'ns1.a.test' }],
  'TXT a.test': [{ type: 'TXT', name: 'a.test', data: 'hello world' }],
  'SRV a.test': [{ type: 'SRV', name: 'a.test', data: { priority: 1, weight: 2, port: 443, target: 'a.test' } }],
  'CAA a.test': [{ type: 'CAA', name: 'a.test', data: { flags: 0, tag: 'issue', value: 'ca.test' } }],
  'CNAME c.test': [{ type: 'CNAME', name: 'c.test', data: 'a.test' }],
  'PTR 1.2.0.192.in-addr.arpa': [{ type: 'PTR', name: '1.2.0.192.in-addr.arpa', data: 'a.test' }],
};

function answerDns(message: Buffer): Buffer {
  const query = decode(message);
  const [question] = query.questions ?? [];
  const name = question?.name.toLowerCase() ?? '';
  const answers = records[`${question?.type} ${name}`] ?? [];
  const known = Object.keys(records).some((key) => key.endsWith(` ${name}`));
  return encode({
    type: 'response',
    id: query.id ?? 0,
    flags: known ? 0x8180 : 0x8183,
    questions: query.questions ?? [],
    answers: [...answers],
  });
}

export function gossfileOf([type, id, body]: Case): string {
  return `${type}:\n  ${JSON.stringify(id)}: ${body}\n`;
}

/** `nixspec` in this process. */
export async function callNixspec(words: readonly string[]) {
  let out = '';
  let err = '';
  const io: OuterWorld = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: { out: false, err: false },
    isTerminal: { out: false, err: false, in: false },
    width: 80,
    env: process.env,
    signal: new AbortController().signal,
  };
  const status = await main(words, io);
  return { status, out, err };
}

const signs = ['+', '-', '~'] as const;

/** The verdicts of Goss: `exists+ mode-`. */
export async function askGoss(goss: string, file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(goss, ['-g', file, 'validate', '-f', 'json', '--sleep', '1ms']).catch(
    (error: { stdout: string; stderr: string }) => ({ stdout: error.stdout.includes('"results"') ? error.stdout : '' }),
  );
  if (stdout === '') return '!';
  const { results } = JSON.parse(stdout) as { results: { property: string; result: 0 | 1 | 2 }[] | null };
  return (results ?? []).map(({ property, result }) => `${attributeOf(property)}${signs[result]}`).join(' ');
}

function attributeOf(property: string): string {
  const other: { readonly [property: string]: string } = { linkedto: 'linked-to', version: 'versions' };
  return other[property] ?? property.toLowerCase();
}

export interface Imported {
  readonly spec: string;
  readonly entries: number;
  readonly remarks: readonly Remark[];
  /** Mistakes that keep Goss from reading it, too. */
  readonly problems: readonly Problem[];
}

/** Imports a gossfile, in this process, and writes the spec beside it. */
export async function importFile(file: string, targets: readonly Target[] = []): Promise<Imported> {
  const suite = await readSuite([file], { env: process.env, vars: {}, stdin: Readable.from([]) });
  const spec = `${file}.spec.yaml`;
  if (suite.problems.length > 0) return { spec, entries: 0, remarks: suite.remarks, problems: suite.problems };
  const made = await makeSpec(suite, targets, (text) => lintText(text, process.env, validator));
  writeFileSync(spec, made.text);
  return { spec, entries: made.entries, remarks: made.remarks, problems: [] };
}

/** Runs several specs at once on this machine. @returns what became of each, by its path */
export async function verifyAll(
  folder: string,
  specs: readonly string[],
): Promise<ReadonlyMap<string, readonly Outcome[]>> {
  const all = join(folder, 'all.yaml');
  writeFileSync(all, `version: 1\ninclude:\n${specs.map((spec) => `  - ${basename(spec)}\n`).join('')}`);
  const words = ['verify', 'here', '--spec', all, '--report', 'json', '--no-save', '--no-inventory'];
  const { out, err } = await callNixspec(words);
  const found = new Map<string, Outcome[]>();
  for (const outcome of outcomesOf(out, err)) {
    const spec = join(folder, basename(outcome.position.file));
    found.set(spec, [...(found.get(spec) ?? []), outcome]);
  }
  return found;
}

/** The outcomes of a run, of its JSON report. */
export function outcomesOf(report: string, err: string): readonly Outcome[] {
  if (report === '') throw new Error(err);
  return (JSON.parse(report) as { runs: readonly Run[] }).runs[0]?.outcomes ?? [];
}

/** For each property that Goss judged: what nixspec says of it; `?` where the import left it out. */
export function verdictOf(outcomes: readonly Outcome[], type: string, goss: string): string {
  return goss
    .split(' ')
    .map((word) => `${word.slice(0, -1)}${judge(outcomes, type, word.slice(0, -1))}`)
    .join(' ');
}

function judge(outcomes: readonly Outcome[], type: string, attribute: string): string {
  const to = gossTypes[type]?.attributes[attribute]?.to ?? attribute;
  const some = outcomes.filter(({ resource, subject, property }) => {
    if (resource === 'command' && type === 'service')
      return subject.startsWith(`systemctl is-${attribute === 'running' ? 'active' : attribute} `);
    if (resource === 'command' && type !== 'command') return property === 'exit-status' && attribute === 'resolvable';
    return property === to || property.startsWith(`${to}.`);
  });
  if (some.length === 0) return '?';
  if (some.some(({ status }) => status === 'skipped')) return '~';
  return some.every(({ status }) => status === 'passed') ? '+' : '-';
}

/** What Goss skips, as another property failed, fails in nixspec; the entry fails in both. */
export function agree(goss: string, nixspec: string): boolean {
  const [ours, theirs] = [nixspec.split(' '), goss.split(' ')];
  return theirs.every((word, at) => {
    const sign = ours[at]?.slice(-1);
    return word.endsWith('~') ? sign !== '+' : word.slice(-1) === sign;
  });
}
