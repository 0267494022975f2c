import { type Pair, type SpecNode, setKey } from '../spec/node.js';
import { type Block, blockMap } from '../spec/yaml-writer.js';
import { type EntryWork, type Handlers, translateAttributes } from './attributes.js';
import { isNothing, isTrueNode } from './scalar.js';
import { NotCarried } from './site.js';

/** A request to a web server. @returns the work under the URL that nixspec takes */
export function translateHttp(work: EntryWork): EntryWork {
  const { lines } = work;
  const url = readUrl(work.subject);
  const named: EntryWork = { ...work, subject: url.subject };
  if (url.username !== undefined) lines.add('username', url.username);
  if (url.password !== undefined) lines.add('password', url.password);
  translateAttributes(named, handlersFor(named));
  return named;
}

function readUrl(written: string): { subject: string; username?: string; password?: string } {
  const [, scheme, userinfo, rest] = /^(https?:\/\/)([^/?#@]*)@(.*)$/i.exec(written) ?? [];
  if (scheme === undefined || userinfo === undefined) return { subject: written };
  const [username = '', password] = userinfo.split(':').map(decodeURIComponent);
  return { subject: `${scheme}${rest}`, username, ...(password !== undefined && { password }) };
}

function handlersFor({ lines }: EntryWork): Handlers {
  const text =
    (name: string, usual = '') =>
    ({ key, value }: Pair) => {
      const written = textOf(value);
      if (written !== usual) lines.add(name, written, key);
    };
  const unsupported =
    (what: string) =>
    ({ key, value }: Pair) => {
      if (textOf(value) === '') return;
      // Asked without it, the answer would be to another question.
      if (!lines.lines.some((line) => line.key === 'skip')) lines.add('skip', `${what} cannot be given to nixspec`);
      lines.lose(key, value, `${what} cannot be given to nixspec, so that the entry is skipped`);
    };
  return {
    method: ({ key, value }) => {
      const method = textOf(value).toUpperCase();
      if (method !== '' && method !== 'GET') lines.add('method', method, key);
    },
    'allow-insecure': ({ key, value }) => {
      if (isTrueNode(value)) lines.add('insecure', true, key);
    },
    'no-follow-redirects': ({ key, value }) => {
      if (isTrueNode(value)) lines.add('follow-redirects', false, key);
    },
    'request-headers': ({ key, value }) => lines.add('request-headers', readHeaders(value), key),
    'request-body': text('request-body'),
    username: text('username'),
    password: text('password'),
    'ca-file': ({ key, value }) => {
      if (textOf(value) === '') return;
      lines.remark('note', key, 'the ca file is read where nixspec runs, and trusted beside the usual authorities');
      lines.add('ca', textOf(value), key);
    },
    'cert-file': unsupported('a client certificate'),
    'key-file': unsupported('a client certificate'),
    proxy: unsupported('a proxy'),
  };
}

function textOf(value: SpecNode): string {
  if (isNothing(value)) return '';
  if (value.kind === 'scalar') return value.source;
  throw new NotCarried('Goss wants a text here');
}

/** `Name: value` each. */
function readHeaders(value: SpecNode): Block {
  if (value.kind !== 'list') throw new NotCarried('Goss wants a list of texts here');
  const headers: Record<string, Block> = {};
  for (const item of value.items) {
    const [, name, content] = /^([^:]+): (.*)$/s.exec(textOf(item)) ?? [];
    if (name === undefined || content === undefined) {
      throw new NotCarried('a header is written "Name: value": on another one Goss breaks down');
    }
    const before = headers[name];
    setKey(headers, name, typeof before === 'string' ? `${before}, ${content}` : content);
  }
  return blockMap(headers);
}
