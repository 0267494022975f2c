import type { NoReading, Observation, Query, Script, Value } from '../model.js';
import { absent, absentReading, defineResource, known, sameForAll, unknown, unknownReading } from '../resource.js';
import { readSections, type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';

/** WireGuard refuses to use a session that is older (REJECT_AFTER_TIME, whitepaper 6.1). Seconds. */
const longestSession = 180;

/** Peers that are sent something by `provoke`, each by a process or two. */
const mostProvoked = 128;

export default defineResource({
  name: 'wireguard',
  summary: 'A WireGuard interface and its peers',
  subject: {
    summary: 'Name of the interface',
    example: 'wg0',
    pattern: /^[A-Za-z0-9_.=+-]{1,15}$/,
    mistake: 'an interface name has at most 15 characters and neither spaces nor slashes',
  },
  params: {
    names: {
      type: 'map',
      summary: 'Names for peers: alias to public key; peers without one go by their public key',
      example: { laptop: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=' },
    },
    provoke: {
      type: 'boolean',
      summary: 'Send something to each peer first, and wait 2 s: without traffic even a healthy peer shakes no hands',
      example: true,
    },
  },
  properties: {
    'listening-port': { type: 'number', least: 0, summary: 'UDP port that it listens on', example: 51820 },
    'public-key': {
      type: 'string',
      summary: 'Its own public key',
      example: 'HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=',
    },
    fwmark: { type: 'string', summary: 'Mark of the packets it sends, hexadecimal, or `off`', example: '0xca6c' },
    peers: {
      type: 'map',
      summary: 'Its peers, by name or public key',
      example: { laptop: { fresh: true } },
      record: {
        endpoint: { type: 'string', summary: 'Address and port it was last heard from', example: '203.0.113.7:51820' },
        'allowed-ips': { type: 'list', summary: 'Networks routed to it, sorted', example: ['10.0.0.2/32'] },
        handshaken: { type: 'boolean', summary: 'It has shaken hands since the interface came up', example: true },
        fresh: {
          type: 'boolean',
          summary: 'It has shaken hands within the last 180 s: the session is alive',
          example: true,
        },
        'handshake-age': {
          type: 'duration',
          summary: "Time since the last handshake, by the target's clock",
          example: { le: '3m' },
          volatile: true,
        },
        received: { type: 'size', summary: 'Received from it', example: { gt: 0 }, volatile: true },
        sent: { type: 'size', summary: 'Sent to it', example: { gt: 0 }, volatile: true },
        keepalive: { type: 'duration', summary: 'Interval of its keepalive packets; absent where off', example: '25s' },
      },
    },
    'stale-peers': {
      type: 'list',
      summary: 'Peers (by name or public key) that have not shaken hands within the last 180 s, sorted',
      example: [],
    },
  },
  needs: ['wg (wireguard-tools)', 'ip (iproute2)', 'ping, for `provoke`'],
  notes:
    'A key is asked for by its public half only: neither private nor preshared keys are read. Needs root. ' +
    'A peer re-keys every two minutes *of use*: without traffic, keepalive or `provoke` an old handshake is no sign of trouble.',
  probes: (queries) => [
    {
      kind: 'shell',
      answers: queries,
      script: askForInterfaces(queries),
      exits: [0],
      limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
      maxBytes: 8 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => readAnswer(queries, readSections(output)),
    },
  ],
});

/** Fields of `wg show`, each with what needs it. `dump` was ruled out: it prints the keys. */
const peerFields = [
  'peers',
  'endpoints',
  'allowed-ips',
  'latest-handshakes',
  'transfer',
  'persistent-keepalive',
] as const;
const interfaceFields = { 'listening-port': 'listen-port', 'public-key': 'public-key', fwmark: 'fwmark' } as const;

type Sections = ReadonlyMap<string, Section>;

/** `listen-port` is asked in any case: an interface that it does not name could not be looked at. */
function fieldsOf(queries: readonly Query[]): readonly string[] {
  const wants = (property: string) => queries.some((query) => query.wanted.has(property));
  const own = Object.entries(interfaceFields).filter(([property, field]) => wants(property) && field !== 'listen-port');
  const stale = ['peers', 'latest-handshakes'];
  return [
    'listen-port',
    ...own.map(([, field]) => field),
    ...(wants('peers') ? peerFields : wants('stale-peers') ? stale : []),
  ];
}

function askForInterfaces(queries: readonly Query[]): Script {
  const provoked = [...new Set(queries.filter((query) => query.params.provoke === true).map((query) => query.subject))];
  return joinScripts([
    section('link', sh`ip -o link show`),
    section('interfaces', sh`wg show interfaces`),
    ...(provoked.length > 0 ? [provoke(provoked)] : []),
    ...fieldsOf(queries).map((field) => section(field, sh`wg show all ${field}`)),
    section('now', sh`date +%s`),
    sh`exit 0`,
  ]);
}

/**
 * Pings one address of each peer through the interface, all at once: a single address if it has one; of a network the
 * first two, as one of them may be our own; of "everything" one that is reserved for documentation (RFC 5737, RFC 3849).
 */
function provoke(interfaces: readonly string[]): Script {
  return section(
    'ping',
    sh`command -v ping >/dev/null && for i in ${interfaces}; do
  wg show "$i" allowed-ips 2>/dev/null | awk 'NR > ${mostProvoked} { exit }
  {
    to = ""
    for (f = 2; f <= NF; f++) {
      split($f, part, "/")
      if ($f ~ /^[0-9.]+\/32$/ || part[2] == 128) { to = part[1]; break }
      if (to != "" || $f !~ /\//) continue
      if ($f == "0.0.0.0/0") to = "192.0.2.1"
      else if ($f == "::/0") to = "2001:db8::1"
      else if ($f ~ /::\//) to = part[1] "1\n" part[1] "2"
      else if ($f ~ /:/) to = part[1]
      else { split(part[1], o, "."); p = o[1] "." o[2] "." o[3] "."; to = p (o[4] + 1) "\n" p (o[4] + 2) }
    }
    if (to != "") print to
  }' | {
    while read -r address; do ping -n -c 1 -W 2 -I "$i" "$address" >/dev/null 2>&1 & done
    wait
  } &
done && wait`,
  );
}

function readAnswer(queries: readonly Query[], sections: Sections): ReadonlyMap<string, Observation<Readings>> {
  const link = sections.get('link');
  if (link?.exit !== 0) return sameForAll(queries, unknown(`ip gave no answer: ${link?.said[0] ?? 'it was not run'}`));
  // 5: wg0@if3: <…>
  const links = new Set(link.lines.map((line) => /^\d+: ([^:@ ]+)/.exec(line)?.[1] ?? ''));
  return new Map(queries.map((query) => [query.id, readInterface(query, links, sections)]));
}

interface Readings {
  readonly 'listening-port': number | NoReading;
  readonly 'public-key'?: string | NoReading;
  readonly fwmark?: string;
  readonly peers?: { readonly [name: string]: Value };
  readonly 'stale-peers'?: readonly string[] | NoReading;
}

/** An interface of another network namespace may be known to `wg` by its socket: `ip` decides what is here. */
function readInterface(query: Query, links: ReadonlySet<string>, sections: Sections): Observation<Readings> {
  const name = query.subject;
  if (!links.has(name)) return absent(`there is no interface ${name}`);
  const listed = sections.get('interfaces');
  if (listed?.exit === 127)
    return unknown('wg is not installed on the target: add wireguard-tools to its system packages');
  if (listed?.exit !== 0) return unknown(`wg gave no answer: ${listed?.said[0] ?? 'it was not run'}`);
  if (!listed.lines.join(' ').split(/\s+/).includes(name)) return absent(`${name} is no WireGuard interface`);
  const [port] = rowsOf(sections.get('listen-port'), name)[0] ?? [];
  if (port === undefined) return unknown(explainRefusal(name, sections.get('listen-port')));
  const text = (field: string) => rowsOf(sections.get(field), name)[0]?.[0];
  const [key, mark] = [text('public-key'), text('fwmark')];
  return known({
    'listening-port': Number(port) > 0 ? Number(port) : absentReading('it listens on no port'),
    ...(key !== undefined && { 'public-key': key === '(none)' ? absentReading('it has no key') : key }),
    ...(mark !== undefined && { fwmark: mark }),
    ...readPeers(query, sections),
  });
}

/** `Unable to access interface wg0: Operation not permitted` */
function explainRefusal(name: string, section: Section | undefined): string {
  const said = section?.said.find((line) => line.includes(` ${name}: `)) ?? section?.said[0] ?? 'no answer';
  return /not permitted|Permission denied/.test(said)
    ? `${name} may be looked at by root only: connect as root or set \`sudo: true\``
    : `wg gave no answer: ${said}`;
}

/**
 * The rows of one interface in an answer of `wg show all FIELD`, without its name. wireguard-tools print the name before
 * the first peer of an interface only, for most fields; a public key (44 characters) is too long for a name.
 */
function rowsOf(section: Section | undefined, name: string): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [];
  let at = '';
  for (const line of section?.lines ?? []) {
    const columns = line.split('\t');
    const [first = '', ...rest] = columns;
    const continued = /^[A-Za-z0-9+/]{43}=$/.test(first);
    if (!continued) at = first;
    if (at === name) rows.push(continued ? columns : rest);
  }
  return rows;
}

type Field = ReadonlyMap<string, readonly string[]>;

function readPeers(query: Query, sections: Sections): Pick<Readings, 'peers' | 'stale-peers'> {
  if (!query.wanted.has('peers') && !query.wanted.has('stale-peers')) return {};
  const field = (name: string): Field =>
    new Map(rowsOf(sections.get(name), query.subject).map(([key = '', ...rest]) => [key, rest]));
  const fields = Object.fromEntries(peerFields.map((name) => [name, field(name)])) as Fields;
  const unheard = query.params.provoke === true && sections.get('ping')?.exit !== 0;
  const now = Number(sections.get('now')?.lines[0]);
  const names = readNames(query);
  const peers = [...fields.peers.keys()].map((key): Peer & { readonly [field: string]: Value } => ({
    name: names.get(key) ?? key,
    ...readHandshake(fields['latest-handshakes'].get(key)?.[0], now, unheard),
    ...readTraffic(key, fields),
  }));
  return {
    // For stale peers alone not all is asked that stands in `peers`.
    ...(query.wanted.has('peers') && { peers: Object.fromEntries(peers.map(({ name, ...peer }) => [name, peer])) }),
    'stale-peers': readStale(peers, unheard),
  };
}

type Fields = { readonly [name in (typeof peerFields)[number]]: Field };

/** Public key to alias; the first one counts. */
function readNames({ params }: Query): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(params.names ?? {})
      .map(([alias, key]): [string, string] => [String(key), alias])
      .reverse(),
  );
}

/** What stands inside `peers` in place of a value that there is none of. */
function none(reading: NoReading): Value {
  return { ...reading };
}

const untold = none(unknownReading('wg did not tell it'));
const unprovoked = 'it is stale, but nothing could be sent to it first: ping is missing on the target';

/**
 * @param time epoch seconds of the last handshake, 0 where there was none
 * @param unheard it should have been sent something first, and was not
 */
function readHandshake(time: string | undefined, now: number, unheard: boolean): { readonly [field: string]: Value } {
  if (time === undefined || Number.isNaN(now)) return { handshaken: untold, fresh: untold, 'handshake-age': untold };
  const age = Number(time) > 0 ? now - Number(time) : undefined;
  const fresh = age !== undefined && age <= longestSession;
  if (unheard && !fresh) {
    const stale = none(unknownReading(unprovoked));
    return { handshaken: age === undefined ? stale : true, fresh: stale, 'handshake-age': stale };
  }
  return {
    handshaken: age !== undefined,
    fresh,
    'handshake-age': age ?? none(absentReading('it has never shaken hands')),
  };
}

function readTraffic(key: string, fields: Fields): { readonly [field: string]: Value } {
  const tell = (field: keyof Fields, at: number, read: (text: string) => Value) => {
    const text = fields[field].get(key)?.[at];
    return text === undefined ? untold : read(text);
  };
  return {
    endpoint: tell('endpoints', 0, (text) =>
      text === '(none)' ? none(absentReading('it was never heard from')) : text,
    ),
    'allowed-ips': tell('allowed-ips', 0, (text) => (text === '(none)' ? [] : text.split(' ').sort())),
    received: tell('transfer', 0, Number),
    sent: tell('transfer', 1, Number),
    keepalive: tell('persistent-keepalive', 0, (text) =>
      text === 'off' ? none(absentReading('it is off')) : Number(text),
    ),
  };
}

type Peer = { readonly name: string; readonly fresh?: Value };

function readStale(peers: readonly Peer[], unheard: boolean): readonly string[] | NoReading {
  if (peers.some(({ fresh }) => typeof fresh !== 'boolean')) {
    return unknownReading(unheard ? unprovoked : 'wg did not tell the last handshake of each peer');
  }
  return peers.flatMap(({ name, fresh }) => (fresh === true ? [] : [name])).sort();
}
