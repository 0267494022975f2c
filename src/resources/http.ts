import { createRequire } from 'node:module';
import type { PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import type { Client, Dispatcher } from 'undici';
import { BadAnswer, converse, limitOf } from '../conversation.js';
import { shakeHands, TrustStore } from '../handshake.js';
import { readPlace } from '../host-port.js';
import { type HttpBody, makeBodyStream, readHttpBody } from '../http-body.js';
import { type HttpRequest, redirectRequest } from '../http-request.js';
import type { Network, NetworkProbe } from '../model.js';
import { absentReading, defineResource, known, type ReadingsOf, type TypedQuery, unknown } from '../resource.js';
import { connectVirtualHost, reachingNotes } from '../virtual-host.js';

/** Seconds that a server has for its whole answer, unless the entry says otherwise. */
const patience = 10;
const mostRedirects = 10;
const mostHeaderBytes = 64 * 1024;

const params = {
  method: { type: 'string', summary: 'Method; GET unless given', example: 'POST' },
  'request-headers': {
    type: 'map',
    summary: 'Headers to send; a `host` replaces that of the URL, `accept-encoding` asks for compression',
    example: { accept: 'application/json' },
  },
  'request-body': { type: 'text', summary: 'Body to send', example: '{"query":"{ health }"}' },
  from: {
    type: 'string',
    summary: 'Which end connects; by default the target for a VM, else the runner',
    example: 'target',
    words: ['runner', 'target'],
  },
  'connect-to': {
    type: 'string',
    summary: 'Where to connect, host[:port], in place of looking up the name; SNI and Host stay',
    example: '127.0.0.1:8080',
  },
  ca: {
    type: 'string',
    path: true,
    summary: 'Authority to trust beside the usual ones: path of a PEM file on the runner, or PEM text',
    example: 'minica.pem',
  },
  insecure: { type: 'boolean', summary: 'Take any certificate', example: true },
  'follow-redirects': {
    type: 'boolean',
    summary: `Follow redirects, up to ${mostRedirects}; unless given, the first answer counts`,
    example: true,
  },
  username: { type: 'string', summary: 'Name for basic authentication', example: 'monitor' },
  password: { type: 'string', summary: 'Password for basic authentication', example: 'correct horse', secret: true },
} as const;

const properties = {
  status: { type: 'number', least: 0, summary: 'Status code', example: 200 },
  headers: {
    type: 'map',
    lowerCaseKeys: true,
    summary: 'Headers, names in lower case; one that is sent more than once is joined by ", "',
    example: { 'content-type': { 'have-prefix': 'text/html' } },
  },
  body: {
    type: 'text',
    summary: 'Body as text, unpacked, up to 1 MiB',
    example: ['Welcome', '!Internal Server Error', '/v[0-9]+/'],
  },
  json: { type: 'json', summary: 'Body, parsed as JSON', example: { gjson: { 'status.healthy': true } } },
  time: {
    type: 'duration',
    summary: 'Time from connecting to the end of the body, with all redirects',
    example: { lt: '2s' },
    volatile: true,
  },
  size: { type: 'size', summary: 'Size of the body, unpacked', example: { gt: 0 }, volatile: true },
  location: { type: 'string', summary: 'Where a redirect leads, as it was sent', example: 'https://example.org/' },
  url: { type: 'string', summary: 'URL of the answer, after redirects', example: 'https://example.org/login' },
  'http-version': { type: 'string', summary: 'Version of HTTP: 1.1 or 2', example: '2', words: ['1.1', '2'] },
} as const;

type Question = TypedQuery<typeof params, typeof properties>;
type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'http',
  summary: 'The answer to an HTTP request',
  subject: {
    summary: 'URL, without name and password',
    example: 'https://git.example.org/api/healthz',
    pattern: /^[hH][tT][tT][pP][sS]?:\/\/[^\s/?#@]+([/?#]\S*)?$/,
    mistake: 'a URL begins with http:// or https:// and holds no password: give `username` and `password`',
  },
  params,
  properties,
  notes:
    'A connection that is refused, a certificate that is not to be trusted and a server that does not answer in time are ' +
    'failures; only what says nothing about the server (no forwarding over SSH, a lost connection to the target) is unknown. ' +
    'Redirects are not followed unless asked, so that they can be asserted; a password is not sent along to another origin. ' +
    'Certificates are verified as other programs on this machine do. ' +
    reachingNotes,
  probes: (queries) => {
    const trust = new TrustStore();
    return queries.map((query) => askServer(query, trust));
  },
});

function askServer(query: Question, trust: TrustStore): NetworkProbe<Readings> {
  const { from } = query.params;
  return {
    kind: 'network',
    answers: [query],
    ...(from !== undefined && { from: from === 'target' ? 'target' : 'runner' }),
    limit: limitOf(query, patience),
    talk: async (network, signal) => new Map([[query.id, await askUrl(query, trust, network, signal)]]),
  };
}

async function askUrl(query: Question, trust: TrustStore, network: Network, signal: AbortSignal) {
  if (!URL.canParse(query.subject)) return unknown(`${query.subject} is no URL`);
  const request = makeRequest(query);
  return converse<Readings>({
    network,
    signal,
    seconds: query.timeout ?? patience,
    reconnect: (stop) => openStream(request.url, { query, trust, network, signal: stop }),
    talk: async (stop) => {
      const start = performance.now();
      const { answer, body } = await followRedirects(request, { query, trust, network, signal: stop });
      return known({
        status: answer.status,
        headers: answer.headers,
        ...body,
        time: (performance.now() - start) / 1000,
        location: answer.headers.location ?? absentReading('the answer has no Location'),
        url: answer.url.href,
        'http-version': answer.version,
      });
    },
  });
}

interface Surroundings {
  readonly query: Question;
  readonly trust: TrustStore;
  readonly network: Network;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly version: '1.1' | '2';
  readonly stream: PassThrough;
}

function makeRequest({ subject, params }: Question): HttpRequest {
  const given = Object.entries(params['request-headers'] ?? {});
  const headers = Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)]));
  const { username, password } = params;
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return {
    url: new URL(subject),
    method: (params.method ?? 'GET').toUpperCase(),
    headers: {
      'user-agent': 'nixspec',
      accept: '*/*',
      ...((username !== undefined || password !== undefined) && { authorization: `Basic ${credentials}` }),
      ...headers,
    },
    ...(params['request-body'] !== undefined && { body: params['request-body'] }),
  };
}

async function followRedirects(first: HttpRequest, around: Surroundings): Promise<{ answer: Answer; body?: HttpBody }> {
  let request = first;
  for (let count = 0; ; count += 1) {
    const exchange = await openExchange(request, around);
    try {
      const answer = await exchange.answer;
      const next = around.query.params['follow-redirects']
        ? redirectRequest(request, answer.status, answer.headers.location)
        : undefined;
      if (!next) return { answer, ...(readsBody(around.query) && { body: await readBody(answer, around.query) }) };
      if (count === mostRedirects)
        throw new BadAnswer(`more than ${mostRedirects} redirects, the last one to ${next.url}`);
      request = next;
    } finally {
      exchange.end();
    }
  }
}

function readsBody({ wanted }: Question): boolean {
  return wanted.has('body') || wanted.has('json') || wanted.has('size') || wanted.has('time');
}

function readBody(answer: Answer, { wanted }: Question): Promise<HttpBody> {
  return readHttpBody(answer.stream, answer.headers, wanted.has('size') || wanted.has('time'));
}

// ------------------------------------------------------------------------------------------------------- exchange

interface Exchange {
  readonly answer: Promise<Answer>;
  end(): void;
}

/** One request over a connection of its own. */
async function openExchange(request: HttpRequest, around: Surroundings): Promise<Exchange> {
  const socket = await openStream(request.url, around);
  const version = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2' ? '2' : '1.1';
  const client = makeClient(request.url.origin, socket as TLSSocket);
  const stream = makeBodyStream();
  const answer = new Promise<Answer>((resolve, reject) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onResponseStart: (_, status, headers) => {
        if (status >= 200) resolve({ url: request.url, status, headers: joinHeaders(headers), version, stream });
      },
      onResponseData: (controller, chunk) => {
        if (stream.write(chunk)) return;
        controller.pause();
        stream.once('drain', () => controller.resume());
      },
      onResponseEnd: () => stream.end(),
      onResponseError: (_, error) => {
        reject(explainHttpError(error));
        stream.destroy(error);
      },
    };
    const { method, headers, body, url } = request;
    const path = url.pathname + url.search;
    client.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body: body ?? null }, handler);
  });
  return { answer, end: () => void client.destroy().catch(() => {}) };
}

async function openStream(url: URL, { query, trust, network, signal }: Surroundings) {
  const { params, subject } = query;
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const place = { host, port: Number(url.port || (secure ? 443 : 80)) };
  const connectTo = chooseConnectTo(params['connect-to'], url, new URL(subject));
  const open = () => connectVirtualHost(network, place, connectTo, signal);
  if (!secure) return open();
  const options = { name: host, alpn: ['h2', 'http/1.1'], ...(params.ca !== undefined && { ca: params.ca }) };
  const insecure = params.insecure === true;
  const { socket, distrust } = await shakeHands(open, { ...options, insecure }, trust, signal);
  if (distrust === '' || insecure) return socket;
  socket.destroy();
  throw new BadAnswer(`the certificate of ${host} is not to be trusted: ${distrust}`);
}

/** A redirect may lead to another host, which has its own address, or to another port of this one. */
function chooseConnectTo(connectTo: string | undefined, url: URL, first: URL): string | undefined {
  if (connectTo === undefined || url.origin === first.origin) return connectTo;
  return url.hostname === first.hostname ? readPlace(connectTo, 1)?.host : undefined;
}

/**
 * Undici's client alone: the whole of undici takes three times as long to load, for fetch, WebSockets and mocks that are
 * not needed here.
 */
function makeClient(origin: string, socket: TLSSocket): Client {
  // Its parser is WebAssembly, and making that as fast as can be takes V8 some 30 MiB; a few answers do not need it.
  setFlagsFromString('--liftoff-only');
  const Loaded = createRequire(import.meta.url)('undici/lib/dispatcher/client.js') as typeof Client;
  let broken: Error = Object.assign(new Error('before the request could be sent'), { code: 'ECONNRESET' });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // After an error of its own, undici would connect again and again without end, and let nothing else run.
    const own = error.code === 'UND_ERR_SOCKET' || error.code === 'UND_ERR_INFO';
    broken = own ? Object.assign(new Error(error.message, { cause: error }), { code: 'ECONNRESET' }) : error;
  });
  let used = false;
  return new Loaded(origin, {
    allowH2: true,
    // The conversation has a limit of its own.
    ...{ headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: mostHeaderBytes, pipelining: 1 },
    connect: (_, callback) => {
      const again = used;
      used = true;
      // Not at once, which undici does not expect. It would send some requests a second time; this is one question.
      queueMicrotask(() => (again ? callback(broken, null) : callback(null, socket)));
    },
  });
}

function joinHeaders(headers: Record<string, string | string[] | undefined>): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : `${value}`,
    ]),
  );
}

/** What came back and is no HTTP is an answer. */
function explainHttpError(error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const parsed = error.name !== 'HTTPParserError' && !/^UND_ERR_HEADERS_OVERFLOW$|^ERR_HTTP2_/.test(code);
  return parsed ? error : new BadAnswer(`the answer is no HTTP: ${error.message}`);
}
