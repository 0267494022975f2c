import { type AccessProperty, usersOf } from '../files/access.js';
import { type FileTables, readTables } from '../files/answer.js';
import { askForFiles, follows, isSlow } from '../files/ask.js';
import { formats } from '../files/settings.js';
import type { NoReading, Observation, Query, Reading, ShellOutput } from '../model.js';
import { absent, absentReading, defineResource, known, unknown, unknownReading } from '../resource.js';
import type { FileStatus } from '../shell/stat.js';

/** Bytes of all that is printed about files whose contents are wanted. */
const mostTogether = 32 * 1024 * 1024;

/** The kernel is asked as that user. */
const accessProperty = { type: 'map', values: 'boolean', asksFor: true } as const;

export default defineResource({
  name: 'file',
  summary: 'A file, folder, link, socket or device',
  subject: {
    summary: 'Absolute path',
    example: '/etc/nixos/configuration.nix',
    pattern: /^\/[^\0]{0,4094}$/,
    mistake: 'a path begins with / and has at most 4095 characters',
  },
  params: {
    follow: {
      type: 'boolean',
      summary: 'Look at what a symbolic link leads to (the default), not at the link itself',
      example: false,
    },
  },
  properties: {
    filetype: {
      type: 'string',
      summary: 'What it is; `symlink` needs `follow: false`',
      example: 'directory',
      words: ['file', 'directory', 'symlink', 'socket', 'pipe', 'character-device', 'block-device'],
    },
    mode: { type: 'mode', summary: 'Permissions, four octal digits', example: '0640' },
    owner: { type: 'string', summary: 'Name of the owner; the number where it has no name', example: 'root' },
    group: { type: 'string', summary: 'Name of the group; the number where it has no name', example: 'nginx' },
    uid: { type: 'number', least: 0, summary: 'Number of the owner', example: 0 },
    gid: { type: 'number', least: 0, summary: 'Number of the group', example: 0 },
    size: { type: 'size', summary: 'Size', example: { le: '10MiB' } },
    contents: {
      type: 'text',
      summary: 'What a regular file holds (up to 1 MiB); links are always followed',
      example: ['PermitRootLogin no', '!/^PasswordAuthentication yes/'],
    },
    json: {
      type: 'json',
      summary: 'What a regular file holds, parsed as JSON',
      example: { gjson: { 'log.level': 'warning' } },
    },
    yaml: {
      type: 'json',
      summary: 'What a regular file holds, parsed as YAML (up to 256 KiB); of several documents a list',
      example: { server: { port: 8080 } },
    },
    ini: {
      type: 'map',
      summary: 'Lines `key = value` under sections in brackets, as `section.key`',
      example: { 'mysqld.bind-address': '127.0.0.1' },
    },
    settings: {
      type: 'map',
      summary: 'Lines of a word and a value, `KEY=value` or `Key value`, before any section',
      example: { PermitRootLogin: 'prohibit-password' },
    },
    entries: { type: 'list', summary: 'Names in a folder, sorted', example: { 'contain-element': 'authorized_keys' } },
    'linked-to': {
      type: 'string',
      summary: 'Where a symbolic link points, as it is written in the link; needs no `follow: false`',
      example: '/etc/static/resolv.conf',
    },
    'real-path': {
      type: 'string',
      summary: 'The path after following all links, also those of its folders',
      example: { 'have-prefix': '/nix/store/' },
    },
    age: {
      type: 'duration',
      summary: "Time since it was last written, by the target's clock",
      example: { le: '26h' },
      volatile: true,
    },
    modified: {
      type: 'time',
      summary: 'When it was last written',
      example: { ge: '2026-11-23T02:00:00Z' },
      volatile: true,
    },
    capabilities: {
      type: 'list',
      summary: 'Capabilities that a program gets when it is run, sorted, each with its sets',
      example: ['cap_net_bind_service=ep'],
    },
    acl: {
      type: 'list',
      summary: 'Entries of its access control list for further users and groups, and the default ones, sorted',
      example: ['user:nginx:r-x'],
    },
    immutable: {
      type: 'boolean',
      summary: 'Nobody may change, rename or delete it (`chattr +i`); not what a read-only file system does',
      example: false,
    },
    'readable-by': { ...accessProperty, summary: 'Whether these users can read it', example: { nginx: true } },
    'writable-by': { ...accessProperty, summary: 'Whether these users can write it', example: { nobody: false } },
    'executable-by': {
      ...accessProperty,
      summary: 'Whether these users can execute it, or go through the folder',
      example: { alice: true },
    },
    md5: {
      type: 'string',
      summary: 'MD5 sum of a regular file, hexadecimal',
      example: 'd41d8cd98f00b204e9800998ecf8427e',
    },
    sha256: {
      type: 'string',
      summary: 'SHA-256 sum of a regular file, hexadecimal',
      example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    },
    sha512: {
      type: 'string',
      summary: 'SHA-512 sum of a regular file, hexadecimal',
      example: { 'have-prefix': 'cf83e1357ee' },
    },
  },
  needs: [
    'coreutils',
    'xargs and find (findutils) for contents, sums, entries, capabilities and immutable',
    'getcap (libcap) for capabilities, getfacl (acl) for acl, lsattr (e2fsprogs) for immutable',
    'setpriv (util-linux) for readable-by, writable-by and executable-by',
  ],
  notes: `\
- A path is absent only where it could be looked for: below a folder that may not be searched by this user it is unknown.
  A dangling link is absent unless \`follow: false\`. Contents that are not UTF-8 have U+FFFD in place of what cannot be read.
- \`readable-by\`, \`writable-by\` and \`executable-by\` ask the kernel as each of these users, so that groups, folders
  above, access control lists and read-only file systems count. Only root can do so for others.
- In \`ini\` and \`settings\` a line that begins with \`#\` or \`;\` is a comment, a pair of quotes around a value is no part of
  it, and keys and values are as they are written. Of a key that stands there more than once all values are told, with a
  newline between, as each program has its own mind about which of them counts. Without an \`=\` or \`:\` the value of a setting
  is what follows the first word; included files are not read.
- An \`acl\` is empty where the \`mode\` says it all. Where there is one, the group's part of the \`mode\` is its mask.`,
  // What reads whole files has a probe of its own: a slow disk or a huge file must not hold up the others.
  probes: (queries) =>
    [queries.filter(isSlow), queries.filter((query) => !isSlow(query))]
      .filter((some) => some.length > 0)
      .map((some) => ({
        kind: 'shell',
        answers: some,
        script: askForFiles(some),
        exits: [0],
        limit: Math.max(some.some(isSlow) ? 60 : 10, ...some.map((query) => query.timeout ?? 0)),
        maxBytes: mostTogether,
        slots: 'shared',
        parse: (output) => readFiles(some, output),
      })),
});

function readFiles(queries: readonly Query[], output: ShellOutput): ReadonlyMap<string, Observation<Readings>> {
  const tables = readTables(queries, output);
  return new Map(queries.map((query) => [query.id, readFile(query, tables)]));
}

interface Readings {
  readonly exists?: boolean;
  readonly [property: string]: Reading | undefined;
}

function readFile(query: Query, tables: FileTables): Observation<Readings> {
  const path = query.subject;
  const status = lookUp(path, follows(query) ? tables.followed : tables.itself);
  if ('noReading' in status) return readMissing(query, status, tables);
  const readings = [...query.wanted].map((property) => [property, readProperty(property, query, status, tables)]);
  return known(Object.fromEntries(readings));
}

function readProperty(property: string, query: Query, status: FileStatus, tables: FileTables): Reading | undefined {
  const path = query.subject;
  switch (property) {
    case 'exists':
      return true;
    case 'age':
      return tables.now === undefined ? unknownReading('date gave no answer') : tables.now - status.modified;
    case 'linked-to':
      return readLink(path, tables);
    case 'real-path':
      return readEnd(path, tables) ?? tables.real.get(path) ?? unknownReading('realpath gave no answer');
    case 'contents':
      return readWhole(path, tables) ?? tables.contents.get(path);
    case 'json':
    case 'yaml':
    case 'ini':
    case 'settings':
      return readWhole(path, tables) ?? readFormat(formats[property], tables.contents.get(path));
    case 'md5':
    case 'sha256':
    case 'sha512':
      return readWhole(path, tables) ?? tables.sum(property, path);
    case 'entries':
      return withEnd(path, tables, ({ type }) => tables.entries(path, type));
    case 'capabilities':
    case 'immutable':
      return readEnd(path, tables) ?? readAtEnd(path, tables[property], tables);
    case 'acl':
      return tables.acl(path);
    case 'readable-by':
    case 'writable-by':
    case 'executable-by':
      return readAccess(property, query, tables);
    default: {
      const { type: filetype, mode, uid, user: owner, gid, group, size, modified } = status;
      return { filetype, mode, uid, owner, gid, group, size, modified }[property];
    }
  }
}

function readFormat(read: (text: string) => Reading, contents: string | NoReading | undefined): Reading | undefined {
  return typeof contents === 'string' ? read(contents) : contents;
}

function readAtEnd(path: string, table: ReadonlyMap<string, Reading> | NoReading, tables: FileTables): Reading {
  if ('noReading' in table) return table;
  const end = tables.real.get(path);
  return (end === undefined ? undefined : table.get(end)) ?? unknownReading('realpath gave no answer');
}

/** By the name of each user that the entry asks about. */
function readAccess(property: AccessProperty, query: Query, tables: FileTables): Reading {
  const users = usersOf(query, property);
  if (users.length === 0) return unknownReading(`it names no user: write \`${property}: { alice: true }\``);
  const each = users.map((user) => [user, tables.access.read(user, query.subject, property, tables.said('access'))]);
  return Object.fromEntries(each) as Reading;
}

function lookUp(path: string, table: ReadonlyMap<string, FileStatus | NoReading>): FileStatus | NoReading {
  return table.get(path) ?? unknownReading('it was not looked at');
}

/** Where a dangling link points is still a fact. */
function readMissing(query: Query, missing: NoReading, tables: FileTables): Observation<Readings> {
  if (missing.noReading === 'unknown') return unknown(missing.reason);
  const target = query.wanted.has('linked-to') && readLink(query.subject, tables);
  if (typeof target !== 'string') return absent(missing.reason);
  const none = absentReading('a symbolic link that leads nowhere');
  const readings = Object.fromEntries([...query.wanted].map((property) => [property, none]));
  return known({ ...readings, exists: false, 'linked-to': target });
}

function readLink(path: string, tables: FileTables): string | NoReading {
  const link = lookUp(path, tables.itself);
  return 'noReading' in link ? link : (link.target ?? absentReading('it is no symbolic link'));
}

/** Why there is nothing at the end of the links; undefined where there is. */
function readEnd(path: string, tables: FileTables): NoReading | undefined {
  const status = lookUp(path, tables.followed);
  return 'noReading' in status ? status : undefined;
}

function withEnd(path: string, tables: FileTables, read: (status: FileStatus) => Reading): Reading {
  const status = lookUp(path, tables.followed);
  return 'noReading' in status ? status : read(status);
}

/** Why there are no contents there; undefined where there can be. */
function readWhole(path: string, tables: FileTables): NoReading | undefined {
  const status = lookUp(path, tables.followed);
  if ('noReading' in status) return status;
  return status.type === 'file' ? undefined : absentReading(`a ${status.type} has no contents`);
}
