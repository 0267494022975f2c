import { isIP } from 'node:net';
import type { Observation, Query, Script, ShellOutput } from '../model.js';
import {
  absent,
  absentReading,
  defineResource,
  known,
  type Property,
  type ReadingsOf,
  unknown,
  unknownReading,
} from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import { joinScripts, sh } from '../shell/sh.js';

const properties = {
  interface: { type: 'string', summary: 'Interface by which packets leave', example: 'wg0' },
  gateway: {
    type: 'string',
    summary: 'Address of the next router; none where the destination is connected directly',
    example: '192.0.2.1',
  },
  source: { type: 'string', summary: 'Address that packets have as their sender by it', example: '192.0.2.10' },
  'next-hops': {
    type: 'list',
    summary: 'All next hops, sorted: gateway, `dev` and interface',
    example: ['192.0.2.1 dev eth0', '192.0.2.2 dev eth1'],
  },
  type: { type: 'string', summary: 'unicast, local, blackhole, unreachable, prohibit …', example: 'unicast' },
  protocol: { type: 'string', summary: 'Who made it: kernel, static, boot, dhcp, ra, bird …', example: 'dhcp' },
  metric: { type: 'number', least: 0, summary: 'The lower one is preferred', example: 1024 },
} as const satisfies { readonly [name: string]: Property };

type Readings = ReadingsOf<typeof properties>;

export default defineResource({
  name: 'route',
  summary: 'A route: an entry of the routing table, or where packets to an address go',
  subject: {
    summary:
      'A network (`10.0.0.0/8`), `default` (of IPv6 `::/0`) or a host (`10.0.0.2/32`) of the table; or an address: the way to it',
    example: 'default',
    pattern: /^(default|[0-9]{1,3}(\.[0-9]{1,3}){3}(\/[0-9]{1,2})?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(\/[0-9]{1,3})?)$/,
    mistake: 'a route is named by default, by a network such as 10.0.0.0/8 or ::/0, or by an address',
    normalize: normalizeDestination,
  },
  params: {
    table: {
      type: 'string',
      summary: 'Name or number of the routing table; unless given main. An address is looked up by all rules',
      example: '51820',
      form: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, expects: 'the name or number of a routing table' },
    },
  },
  properties,
  needs: ['ip (iproute2 4.14)'],
  notes: `\
- Of an address the kernel is asked which way it would go, so that rules, all tables and policy routing count: that is what
  matters for VPNs. Of a network only the very entry is looked for.
- Of several routes to the same network the one with the lowest metric counts. Where it has several next hops, \`gateway\` and
  \`interface\` have no value.
- Nobody is asked whether the way is free: that is what \`addr\` tells.`,
  probes: (queries) => {
    const [addresses, networks] = [queries.filter(isAddress), queries.filter((query) => !isAddress(query))];
    const tables = [...new Set(networks.map(tableOf))];
    const wanted = [...new Set(addresses.map(({ subject }) => subject))];
    return [
      {
        kind: 'shell',
        answers: queries,
        script: askForRoutes(tables, wanted),
        exits: [0],
        limit: Math.max(10, ...queries.map((query) => query.timeout ?? 0)),
        maxBytes: 32 * 1024 * 1024,
        slots: 'shared',
        parse: (output) => readAnswer(queries, tables, wanted, output),
      },
    ];
  },
});

/** As `ip` writes it: an IPv6 address in its shortest form. */
function normalizeDestination(written: string): string {
  if (written === '0.0.0.0/0') return 'default';
  const [address = '', length] = written.toLowerCase().split('/');
  if (isIP(address) !== 6) return written;
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return length === undefined ? shortest : `${shortest}/${length}`;
}

function isAddress({ subject }: Query): boolean {
  return isIP(subject) !== 0;
}

function tableOf({ params }: Query): string {
  return typeof params.table === 'string' ? params.table : 'main';
}

/** Both families of each table, then one `ip` for all addresses; each part ends with a line `=exit` on both outputs. */
function askForRoutes(tables: readonly string[], addresses: readonly string[]): Script {
  const shows = tables.flatMap((table) => [
    sh`ip -4 -json route show table ${table}; end`,
    sh`ip -6 -json route show table ${table}; end`,
  ]);
  const gets = chunkWords(addresses.map((address) => `route get ${address}`)).map(
    (lines) => sh`printf '%s\n' ${lines} | ip -json -force -batch -; end`,
  );
  return joinScripts([
    sh`command -v ip >/dev/null || { echo 'ip is missing (iproute2)' >&2; exit 127; }
end() { x=$?; printf '\n=%s\n' $x; echo "=$x" >&2; }`,
    ...shows,
    ...gets,
  ]);
}

/** What one `ip` answered. */
interface Part {
  readonly exit: number;
  /** Undefined where it cannot be read. */
  readonly routes: readonly Route[] | undefined;
  readonly said: readonly string[];
}

type Json = { readonly [key: string]: unknown };

interface Route {
  readonly destination: string;
  readonly type: string;
  readonly metric: number;
  readonly hops: readonly Json[];
  readonly json: Json;
}

function readAnswer(
  queries: readonly Query[],
  tables: readonly string[],
  addresses: readonly string[],
  output: ShellOutput,
): Map<string, Observation<Readings>> {
  const parts = readParts(output);
  const [shows, gets] = [parts.slice(0, 2 * tables.length), parts.slice(2 * tables.length)];
  const ways = readWays(addresses, gets);
  return new Map(
    queries.map((query) => {
      if (isAddress(query)) return [query.id, ways.get(query.subject) ?? unknown('ip gave no answer')];
      const at = 2 * tables.indexOf(tableOf(query)) + (query.subject.includes(':') ? 1 : 0);
      return [query.id, findRoute(query, shows[at])];
    }),
  );
}

function readParts({ stdout, stderr }: ShellOutput): readonly Part[] {
  const split = (bytes: Buffer) => bytes.toString('utf8').split(/^=(\d{1,3})\n/m);
  const [told, said] = [split(stdout), split(stderr)];
  return Array.from({ length: Math.floor(told.length / 2) }, (_, at) => ({
    exit: Number(told[2 * at + 1]),
    routes: readRoutes(told[2 * at] ?? ''),
    said: (said[2 * at] ?? '').split('\n').filter(Boolean),
  }));
}

/** Lines of `ip -json`, each an array of routes. Some versions print an empty object for what they leave out. */
function readRoutes(text: string): readonly Route[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  try {
    const all = lines.map((line) => JSON.parse(line) as unknown);
    if (all.length === 0 || !all.every(Array.isArray)) return undefined;
    return all
      .flat()
      .flatMap((json) => (isObject(json) && typeof json.dst === 'string' ? readRoute(json, json.dst) : []));
  } catch {
    return undefined;
  }
}

function readRoute(json: Json, destination: string): Route {
  const nexthops = listOf(json.nexthops).filter(isObject);
  return {
    destination,
    type: typeof json.type === 'string' ? json.type : 'unicast',
    metric: typeof json.metric === 'number' ? json.metric : 0,
    hops: nexthops.length > 0 ? nexthops : [json],
    json,
  };
}

function findRoute(query: Query, part: Part | undefined): Observation<Readings> {
  const said = part?.said[0];
  // A table that nobody has put anything into is no table yet.
  if (said !== undefined && /FIB table does not exist/.test(said)) return absent(`there is no table ${tableOf(query)}`);
  if (part?.exit !== 0 || !part.routes) return unknown(`ip gave no answer: ${said ?? 'it was not run to its end'}`);
  const found = part.routes.filter(({ destination }) => isSame(destination, query.subject));
  const lowest = Math.min(...found.map(({ metric }) => metric));
  const [best, ...others] = found.filter(({ metric }) => metric === lowest);
  if (!best) return absent(`the table ${tableOf(query)} has no route to ${query.subject}`);
  return known({
    ...describeRoute([...best.hops, ...others.flatMap(({ hops }) => hops)], best),
    metric: best.metric,
    protocol: readWord(best.json, 'protocol') ?? unknownReading('ip does not tell who made it'),
  });
}

/** `ip` leaves out the length of a host route, and calls both families' widest network default. */
function isSame(destination: string, subject: string): boolean {
  if (destination === 'default') return subject === 'default' || subject === '::/0';
  return destination === subject || `${destination}/${destination.includes(':') ? 128 : 32}` === subject;
}

function describeRoute(hops: readonly Json[], { type, json }: Route): Readings {
  const ways = [...new Set(hops.map(showHop))].filter((way) => way !== '').sort();
  const [only] = hops;
  const none = absentReading(
    ways.length > 1
      ? `it has ${ways.length} next hops: ${ways.join(', ')}`
      : type === 'unicast' || type === 'local'
        ? 'the destination is connected directly'
        : `packets are not sent: ${type}`,
  );
  const single = ways.length === 1 ? only : undefined;
  return {
    type,
    interface: (single && readWord(single, 'dev')) ?? none,
    gateway: (single && gatewayOf(single)) ?? none,
    source: readWord(json, 'prefsrc') ?? absentReading('the route says no source address'),
    'next-hops': ways,
  };
}

/** `192.0.2.1 dev eth0`, `dev wg0`. */
function showHop(hop: Json): string {
  const device = readWord(hop, 'dev');
  return [gatewayOf(hop), device === undefined ? undefined : `dev ${device}`].filter(Boolean).join(' ');
}

/** RFC 5549: the next router may be of the other family, which stands under `via`. */
function gatewayOf(hop: Json): string | undefined {
  return readWord(hop, 'gateway') ?? (isObject(hop.via) ? readWord(hop.via, 'host') : undefined);
}

function readWord(json: Json, key: string): string | undefined {
  const value = json[key];
  return typeof value === 'string' ? value : undefined;
}

/** Answers come in the order of the questions, without those that failed, which are told by their line. */
function readWays(addresses: readonly string[], parts: readonly Part[]): ReadonlyMap<string, Observation<Readings>> {
  const ways = new Map<string, Observation<Readings>>();
  const chunks = chunkWords(addresses.map((address) => `route get ${address}`));
  let asked = 0;
  for (const [at, lines] of chunks.entries()) {
    const some = addresses.slice(asked, asked + lines.length);
    asked += lines.length;
    const part = parts[at];
    if (!part) continue;
    const failures = readFailures(part.said);
    const answered = some.filter((_, line) => !failures.has(line + 1));
    for (const [line, address] of some.entries()) {
      const failure = failures.get(line + 1);
      if (failure !== undefined) ways.set(address, explainFailure(address, failure));
    }
    const routes = part.routes ?? [];
    for (const [line, address] of answered.entries()) {
      const route = routes.length === answered.length ? routes[line] : undefined;
      if (route?.destination === address) ways.set(address, describeWay(route));
    }
  }
  return ways;
}

/** `RTNETLINK answers: Network is unreachable`, then `Command failed -:2`. */
function readFailures(said: readonly string[]): ReadonlyMap<number, string> {
  const failures = new Map<number, string>();
  for (const [at, line] of said.entries()) {
    const number = /^Command failed -:(\d+)$/.exec(line)?.[1];
    if (number !== undefined) failures.set(Number(number), said[at - 1] ?? line);
  }
  return failures;
}

function explainFailure(address: string, said: string): Observation<Readings> {
  const reason = said.slice(said.lastIndexOf(': ') + 2);
  const meanings: { readonly [reason: string]: string } = {
    'Network is unreachable': `there is no route to ${address}`,
    'No route to host': `packets to ${address} are refused as unreachable`,
    'Permission denied': `packets to ${address} are prohibited`,
    'Invalid argument': `packets to ${address} are dropped (blackhole)`,
  };
  const meaning = said.startsWith('RTNETLINK answers: ') ? meanings[reason] : undefined;
  return meaning === undefined ? unknown(`ip could not look up ${address}: ${said}`) : absent(meaning);
}

function describeWay(route: Route): Observation<Readings> {
  const { json } = route;
  const none = absentReading('ip tells it of an entry in a table only');
  return known({
    ...describeRoute(route.hops, route),
    metric: typeof json.metric === 'number' ? json.metric : none,
    protocol: readWord(json, 'protocol') ?? none,
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
