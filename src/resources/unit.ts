import type { NoReading, Observation, Probe, Query, ShellOutput } from '../model.js';
import {
  absent,
  defineResource,
  known,
  type Property,
  type ReadingsOf,
  sameForAll,
  several,
  unknown,
} from '../resource.js';
import {
  listUnits,
  type Manager,
  readBusReply,
  readShownUnits,
  readWord,
  readWords,
  type ShownUnits,
  showMatchingUnits,
  showUnits,
  type UnitBlock,
  userManagerExits,
} from '../systemctl.js';
import {
  compileWildcards,
  hasWildcards,
  normalizeUnitName,
  unitKind,
  unitNameMistake,
  unitNamePattern,
} from '../unit-name.js';
import { type UnitReader, unitReaders } from '../unit-readings.js';

const properties = {
  active: { type: 'boolean', summary: 'Its state is active or reloading', example: true },
  enabled: {
    type: 'boolean',
    summary: 'Something starts it: another unit wants it, or a timer, socket, path or bus name triggers it',
    example: true,
  },
  healthy: {
    type: 'boolean',
    summary: 'Active, or at rest as it should be (oneshot that ended well, waiting for its trigger, condition said no)',
    example: true,
  },
  state: {
    type: 'string',
    summary: 'ActiveState, as systemd says it',
    example: 'active',
    words: ['active', 'reloading', 'inactive', 'failed', 'activating', 'deactivating', 'maintenance', 'refreshing'],
  },
  'sub-state': { type: 'string', summary: 'SubState, whose words depend on the kind of unit', example: 'running' },
  'load-state': {
    type: 'string',
    summary: 'Whether the unit file could be loaded',
    example: 'loaded',
    words: ['stub', 'loaded', 'not-found', 'bad-setting', 'error', 'merged', 'masked'],
  },
  'unit-file-state': {
    type: 'string',
    summary: 'What `systemctl is-enabled` says; on NixOS `linked` is a unit that nothing wants',
    example: 'enabled',
  },
  result: { type: 'string', summary: 'How it ended the last time: success, exit-code, timeout …', example: 'success' },
  'exit-status': {
    type: 'number',
    least: 0,
    summary: 'Exit status of the main process that ended last; 128 and the number of the signal that killed it',
    example: 0,
  },
  restarts: { type: 'number', least: 0, summary: 'Automatic restarts since it was last started by hand', example: 0 },
  'needs-reload': {
    type: 'boolean',
    summary: 'Its files changed and systemd has not read them yet',
    example: false,
  },
  condition: { type: 'boolean', summary: 'Its conditions held when it was last started', example: true },
  type: { type: 'string', summary: 'Type of a service (oneshot, notify …), file system of a mount', example: 'notify' },
  'wanted-by': {
    type: 'list',
    summary: 'Loaded units that want it (WantedBy only, not RequiredBy), sorted',
    example: ['multi-user.target'],
  },
  'triggered-by': {
    type: 'list',
    summary: 'Timers, sockets, paths and automounts that start it',
    example: ['backup.timer'],
  },
  triggers: {
    type: 'list',
    summary: 'Units that a timer, socket, path or automount starts',
    example: ['backup.service'],
  },
  'fragment-path': {
    type: 'string',
    summary: 'Path of the unit file',
    example: '/etc/systemd/system/nginx.service',
  },
  'drop-ins': {
    type: 'list',
    summary: 'Paths of the files that change parts of it',
    example: ['/etc/systemd/system/nginx.service.d/overrides.conf'],
  },
  'status-text': { type: 'string', summary: 'What the service says of itself', example: 'Ready', volatile: true },
  'main-pid': { type: 'number', least: 0, summary: 'PID of the main process', example: 812, volatile: true },
  memory: { type: 'size', summary: 'Memory in use now', example: '512MiB', volatile: true },
  'memory-peak': { type: 'size', summary: 'Most memory it used (systemd 256)', example: '1GiB', volatile: true },
  tasks: { type: 'number', least: 0, summary: 'Processes and threads', example: 12, volatile: true },
  'cpu-time': { type: 'duration', summary: 'CPU time used since it was started', example: '10m', volatile: true },
  uptime: { type: 'duration', summary: 'How long it has been active', example: '1h', volatile: true },
  'last-trigger': {
    type: 'time',
    summary: 'When a timer last triggered',
    example: '2026-11-23T02:00:00Z',
    volatile: true,
  },
  'since-last-trigger': { type: 'duration', summary: 'How long ago that was', example: '1d', volatile: true },
  'next-trigger': {
    type: 'time',
    summary: 'When a timer will trigger next',
    example: '2026-11-24T02:00:00Z',
    volatile: true,
  },
  listen: {
    type: 'list',
    summary: 'Addresses and paths that a socket unit listens on, without stream or datagram, sorted',
    example: ['[::]:22', '/run/docker.sock'],
  },
  properties: {
    type: 'map',
    summary: 'Anything that `systemctl show` tells of it, by its name there, as text',
    example: { User: 'nginx', ProtectSystem: 'strict' },
    asksFor: true,
  },
  count: { type: 'number', least: 0, summary: 'How many units the wildcards in the name match', example: 3 },
} as const satisfies { readonly [name: string]: Property };

type Properties = typeof properties;
type Readings = ReadingsOf<Properties>;

/** A reader of another type than the table says is a compile error here. */
const readers: {
  readonly [K in Exclude<keyof Properties, 'count' | 'properties'>]: UnitReader<
    Exclude<Readings[K], NoReading | undefined>
  >;
} = unitReaders;

export default defineResource({
  name: 'unit',
  summary: 'A systemd unit: service, timer, socket, mount, target …',
  subject: {
    summary:
      'Name of the unit; without a suffix, of a service. `*`, `?` and `[…]` match several, each of which must hold',
    example: 'nginx.service',
    pattern: unitNamePattern,
    mistake: unitNameMistake,
    normalize: normalizeUnitName,
  },
  params: {
    user: { type: 'string', summary: "Ask this user's own manager (`systemctl --user`)", example: 'alice' },
  },
  properties,
  needs: ['systemctl and busctl (systemd 247)', 'setpriv (util-linux), for `user` as root'],
  notes: `\
- \`enabled\`: systemd says enabled, or a loaded unit wants or requires it, or a trigger of it is active or enabled, or its
  bus name can be activated. A masked unit is not. So NixOS's \`linked\` counts where a timer or socket starts the unit, and
  \`static\` counts only where something refers to it.
- \`healthy\`: of what is active, not a service that was restarted automatically and has been up for less than 10 s: a crash
  loop looks active between two crashes. Of what is inactive: a oneshot (without RemainAfterExit) that ran and ended well; a
  unit whose active timer, socket, path or automount starts it, or the bus; a unit whose condition said no. What is still
  activating is not healthy yet: give it \`within\`.
- \`restarts\` counts automatic restarts only; a start by hand or by a switch sets it back to 0.
- A unit that systemd does not know is absent (\`exists: false\`); a masked one exists, and so does one whose file is gone
  but which still runs.
- Memory and tasks are unknown where systemd does not account for them: switched off, or control groups of version 1.
- \`properties\`: one of several lines (\`ExecStart\`) has newlines between. Times and sizes are as systemd shows them.
- Any instance of a template that is there exists, started or not.`,
  probes: (queries) => {
    const several = queries.filter(({ subject }) => hasWildcards(subject));
    const single = queries.filter(({ subject }) => !hasWildcards(subject));
    return [
      ...chunk(single.filter(isCheap), 2000).map(listStates),
      ...[...groupByManager(single.filter((query) => !isCheap(query)))].flatMap(([user, group]) =>
        chunk(group, 250).map((part) => showProperties(user === '' ? {} : { user }, part)),
      ),
      ...[...groupByManager(several)].map(([user, group]) => showMatching(user === '' ? {} : { user }, group)),
    ];
  },
});

const cheapProperties: ReadonlySet<string> = new Set(['exists', 'count', 'active', 'state', 'sub-state', 'load-state']);

/** Told by the load, active and sub state. A user's bus may not be there, where the manager still is. */
function isCheap(query: Query): boolean {
  return userOf(query) === '' && [...query.wanted].every((property) => cheapProperties.has(property));
}

function userOf(query: Query): string {
  const { user } = query.params;
  return typeof user === 'string' ? user : '';
}

function groupByManager(queries: readonly Query[]): ReadonlyMap<string, readonly Query[]> {
  const groups = new Map<string, Query[]>();
  for (const query of queries) {
    const group = groups.get(userOf(query));
    if (group) group.push(query);
    else groups.set(userOf(query), [query]);
  }
  return groups;
}

/** A command line takes some thousand names; several probes run side by side, and one that fails takes no other with it. */
function chunk(queries: readonly Query[], size: number): readonly (readonly Query[])[] {
  return Array.from({ length: Math.ceil(queries.length / size) }, (_, at) => queries.slice(at * size, (at + 1) * size));
}

function namesOf(queries: readonly Query[]): readonly string[] {
  return [...new Set(queries.map((query) => query.subject))];
}

function listStates(queries: readonly Query[]): Probe<Readings> {
  const names = namesOf(queries);
  return {
    kind: 'shell',
    answers: queries,
    script: listUnits(names),
    exits: [0],
    limit: limitFor(queries),
    maxBytes: 65_536 + 2048 * names.length,
    slots: 'shared',
    parse: (output) => {
      const text = output.stdout.toString('utf8');
      const shown = text.startsWith('{') ? readListedUnits(text) : readShownUnits(text);
      return readUnits(queries, names, shown);
    },
  };
}

function showProperties(manager: Manager, queries: readonly Query[]): Probe<Readings> {
  const names = namesOf(queries);
  const { keys, followed } = whatToShow(queries);
  return {
    kind: 'shell',
    answers: queries,
    script: showUnits(manager, names, keys, followed),
    exits: [0, ...(manager.user === undefined ? [] : userManagerExits.keys())],
    limit: limitFor(queries),
    maxBytes: 262_144 + 8192 * names.length,
    slots: 'shared',
    parse: (output) => readProperties(manager, queries, names, output),
  };
}

/** Bytes of all units of a busy host with all their properties; more than that is no pattern that somebody meant. */
const mostShown = 4 * 1024 * 1024;

function showMatching(manager: Manager, queries: readonly Query[]): Probe<Readings> {
  const { keys, followed } = whatToShow(queries);
  return {
    kind: 'shell',
    answers: queries,
    script: showMatchingUnits(manager, namesOf(queries), keys, followed),
    exits: [0, ...(manager.user === undefined ? [] : userManagerExits.keys())],
    limit: 30 + limitFor(queries),
    maxBytes: mostShown,
    slots: 'shared',
    parse: (output) => readMatching(manager, queries, output),
  };
}

function whatToShow(queries: readonly Query[]) {
  const wanted = queries.flatMap((query) => [...query.wanted]).filter(isReadable);
  const keys = new Set([
    'Names',
    'LoadState',
    'ActiveState',
    ...wanted.flatMap((property) => readers[property].keys),
    ...queries.flatMap(listShown),
  ]);
  return { keys: [...keys], followed: wanted.some((property) => property === 'enabled' || property === 'healthy') };
}

/** What `properties` names. What systemd could not have, it is not asked for. */
function listShown({ wanted, params }: Query): readonly string[] {
  const { properties: names } = params;
  if (!wanted.has('properties') || !Array.isArray(names)) return [];
  return names.filter((name): name is string => typeof name === 'string' && /^[A-Za-z][A-Za-z0-9]{0,99}$/.test(name));
}

/** systemd takes up to 5 ms for each unit (measured), more where the machine is slow. */
function limitFor(queries: readonly Query[]): number {
  return Math.max(20 + queries.length * 0.05, ...queries.map((query) => query.timeout ?? 0));
}

function isReadable(name: string): name is keyof typeof readers {
  return Object.hasOwn(readers, name);
}

function readProperties(manager: Manager, queries: readonly Query[], names: readonly string[], output: ShellOutput) {
  return (
    tellRefusal(manager, queries, output) ?? readUnits(queries, names, readShownUnits(output.stdout.toString('utf8')))
  );
}

function tellRefusal(manager: Manager, queries: readonly Query[], output: ShellOutput) {
  const refusal = userManagerExits.get(output.exit);
  if (!refusal) return undefined;
  return sameForAll(queries, unknown(`the manager of user ${manager.user} cannot be asked: ${refusal}`));
}

function readMatching(manager: Manager, queries: readonly Query[], output: ShellOutput) {
  const refused = tellRefusal(manager, queries, output);
  if (refused) return refused;
  const shown = readShownUnits(output.stdout.toString('utf8'));
  return new Map(queries.map((query) => [query.id, readMembers(query, shown)]));
}

/** An alias is answered under the unit's real name, and counts once. */
function readMembers(query: Query, shown: ShownUnits): Observation<Readings> {
  const pattern = compileWildcards(query.subject);
  const members = new Map<string, Observation<Readings>>();
  for (const block of shown.units) {
    const names = readWords(block, 'Names');
    const subject = names.find((name) => pattern.test(name));
    if (subject === undefined || names.some((name) => members.has(name))) continue;
    const observation = readUnit({ ...query, subject }, block, shown);
    if (observation.status !== 'absent') members.set(subject, observation);
  }
  return several({ count: members.size, exists: members.size > 0 }, members);
}

/** Rows of ListUnitsByNames: name, description, load, active, sub state, … in the order of the names, found or not. */
function readListedUnits(json: string): ShownUnits {
  const rows = readBusReply(json)?.[0];
  const units = (Array.isArray(rows) ? rows : []).map((row: unknown): UnitBlock => {
    const words: readonly string[] = Array.isArray(row) ? row.map(String) : [];
    const [name, , load, active, sub] = words.map((word) => [word]);
    return new Map(
      Object.entries({ Id: name ?? [], LoadState: load ?? [], ActiveState: active ?? [], SubState: sub ?? [] }),
    );
  });
  return { units, triggers: new Map(), now: Number.NaN, sinceBoot: Number.NaN };
}

function readUnits(queries: readonly Query[], names: readonly string[], shown: ShownUnits) {
  if (shown.units.length !== names.length) {
    return sameForAll(
      queries,
      unknown(`systemd told of ${shown.units.length} units where ${names.length} were asked for`),
    );
  }
  const blocks = new Map(names.map((name, at) => [name, shown.units[at]]));
  return new Map(queries.map((query) => [query.id, readUnit(query, blocks.get(query.subject), shown)]));
}

function readUnit(query: Query, block: UnitBlock | undefined, shown: ShownUnits): Observation<Readings> {
  const load = block && readWord(block, 'LoadState');
  if (!block || !load) return unknown(`systemd told nothing of ${query.subject}`);
  // An alias is answered under its real name; the answer by rows has that name only, and its order must do.
  if (block.has('Names') && !readWords(block, 'Names').includes(query.subject)) {
    return unknown(`systemd answered about ${readWord(block, 'Names')} instead of ${query.subject}`);
  }
  const gone = load === 'not-found' || unitKind(query.subject) === 'device';
  if (gone && readWord(block, 'ActiveState') === 'inactive') return absent(`systemd knows no ${query.subject}`);
  const wanted = [...query.wanted].filter(isReadable);
  const read = wanted.map((property) => [property, readers[property].read(block, shown)]);
  return known({
    ...Object.fromEntries(read),
    ...(query.wanted.has('properties') && { properties: readShown(query, block) }),
    ...(query.wanted.has('count') && { count: 1 }),
  });
}

/** A key that systemd does not print it does not know, as `--all` shows empty ones too. */
function readShown(query: Query, block: UnitBlock) {
  const lines = listShown(query).map((name) => [name, block.get(name)?.join('\n')] as const);
  return Object.fromEntries(lines.filter((line): line is [string, string] => line[1] !== undefined));
}
