import type { WebFile } from './web-config.js';

/** A name that a web server answers to, and where; no ports where the configuration does not say plainly. */
export interface VirtualName {
  readonly server: WebFile['server'];
  readonly name: string;
  readonly ports: readonly number[];
}

/** The names that stand in the configuration of web servers, each once, sorted. */
export function listVirtualNames(files: readonly WebFile[]): readonly VirtualName[] {
  const readers = { nginx: readNginx, caddy: readCaddy, apache: readApache };
  const found = new Map<string, { server: WebFile['server']; name: string; ports: Set<number> }>();
  for (const { server, text } of files) {
    for (const { names, ports } of readers[server](text ?? '')) {
      for (const name of names.map((one) => one.toLowerCase()).filter(isPublicName)) {
        const key = `${server} ${name}`;
        const before = found.get(key) ?? { server, name, ports: new Set() };
        for (const port of ports) before.ports.add(port);
        found.set(key, before);
      }
    }
  }
  return [...found.values()]
    .map(({ server, name, ports }) => ({ server, name, ports: [...ports].sort((a, b) => a - b) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** No wildcard, regular expression or placeholder, and more than one label: `_` and `localhost` are no names of a site. */
export function isPublicName(name: string): boolean {
  return name.length <= 253 && /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(name);
}

interface Site {
  readonly names: readonly string[];
  readonly ports: readonly number[];
}

/**
 * `server { listen 443 ssl; server_name a b; }`. A file may be one that is included inside `http`, so that what stands
 * around a block is not asked for. Where a server includes other files, its ports may be in there.
 */
function readNginx(text: string): Site[] {
  const sites: Site[] = [];
  const open: { block: string; names: string[]; ports: number[]; includes: boolean }[] = [];
  let words: string[] = [];
  for (const { word, quoted } of tokensOf(text)) {
    if (quoted || !/^[;{}]$/.test(word)) {
      words.push(word);
      continue;
    }
    const [directive = '', ...rest] = words;
    words = [];
    const server = open.at(-1)?.block === 'server' ? open.at(-1) : undefined;
    if (word === '{') open.push({ block: directive, names: [], ports: [], includes: false });
    else if (word === ';' && server) {
      if (directive === 'server_name') server.names.push(...rest);
      if (directive === 'listen') server.ports.push(...readListen(rest[0] ?? ''));
      if (directive === 'include') server.includes = true;
    } else if (word === '}') {
      const closed = open.pop();
      if (closed?.block !== 'server') continue;
      sites.push({ names: closed.names, ports: closed.ports.length > 0 || closed.includes ? closed.ports : [80] });
    }
  }
  return sites;
}

/** Words, quoted words, and `;`, `{`, `}` (ngx_conf_file.c). `${name}` is part of a word. */
function* tokensOf(text: string): Generator<{ word: string; quoted: boolean }> {
  for (const [all, double, single] of text.matchAll(
    /#[^\n]*|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|[;{}]|(?:\$\{|\\[\s\S]|[^\s;{}"'#])(?:\$\{[^}]*\}|\\[\s\S]|[^\s;{}])*/g,
  )) {
    if (all.startsWith('#')) continue;
    const quoted = double ?? single;
    yield { word: quoted ?? all, quoted: quoted !== undefined };
  }
}

/** `443`, `[::]:443`, `127.0.0.1:8080`, `*:80`, `example.org`; nothing of `unix:…`. */
function readListen(text: string): number[] {
  if (text.startsWith('unix:')) return [];
  const port = /^(?:\[[^\]]*\]|[^:[\]]*):(\d{1,5})$/.exec(text)?.[1] ?? /^(\d{1,5})$/.exec(text)?.[1];
  return [port === undefined ? 80 : Number(port)];
}

/**
 * A Caddyfile names sites in front of its outermost blocks: `a.example.org, http://b.example.org:8080 { … }`. In the JSON
 * that it stands for they are what a `host` matcher lists.
 */
function readCaddy(text: string): Site[] {
  if (text.trimStart().startsWith('{') && /"apps"\s*:/.test(text)) {
    return [...text.matchAll(/"host"\s*:\s*\[([^\]]*)\]/g)].map(([, list = '']) => ({
      names: [...list.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name),
      ports: [],
    }));
  }
  const sites: Site[] = [];
  let depth = 0;
  for (const line of text.split('\n')) {
    const code = line.replace(/(^|\s)#.*$/, '').trim();
    const opens = /(^|\s)\{$/.test(code);
    if (depth === 0 && (opens || sites.length === 0)) {
      sites.push(
        ...code
          .replace(/\{$/, '')
          .split(/[,\s]+/)
          .filter(Boolean)
          .flatMap(readCaddyAddress),
      );
    }
    if (opens) depth += 1;
    else if (code === '}') depth = Math.max(0, depth - 1);
  }
  return sites;
}

/** `[scheme://]host[:port][/path]`. */
function readCaddyAddress(text: string): Site[] {
  const [, scheme, name, port] = /^(?:(https?):\/\/)?([^:/\s{}()]+)(?::(\d{1,5}))?(?:\/\S*)?$/.exec(text) ?? [];
  if (name === undefined) return [];
  if (port !== undefined) return [{ names: [name], ports: [Number(port)] }];
  return [{ names: [name], ports: scheme === 'http' ? [80] : scheme === 'https' ? [443] : [80, 443] }];
}

/** `<VirtualHost *:443>` with `ServerName` and `ServerAlias`. */
function readApache(text: string): Site[] {
  return [...text.matchAll(/^[ \t]*<VirtualHost\s+([^>]*)>([\s\S]*?)^[ \t]*<\/VirtualHost>/gim)].map(
    ([, addresses = '', body = '']) => ({
      names: [...body.matchAll(/^[ \t]*Server(?:Name|Alias)[ \t]+(.*)$/gim)].flatMap(([, names = '']) =>
        names
          .trim()
          .split(/\s+/)
          .map((name) => name.replace(/^"|"$|^https?:\/\//g, '').replace(/:\d+$/, '')),
      ),
      ports: addresses.split(/\s+/).flatMap((address) => {
        const port = /:(\d{1,5})$/.exec(address)?.[1];
        return port === undefined ? [] : [Number(port)];
      }),
    }),
  );
}
