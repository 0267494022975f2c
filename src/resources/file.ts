import type { NoReading, Observation, Query, Reading, Script, ShellOutput } from '../model.js';
import { absent, absentReading, defineResource, known, unknown, unknownReading } from '../resource.js';
import { chunkWords } from '../shell/chunks.js';
import { findComplaint, notReadable, printContents, readContents } from '../shell/contents.js';
import { FieldReader } from '../shell/fields.js';
import { joinScripts, sh } from '../shell/sh.js';
import { explainMissing, type FileStatus, printStatus, readStatus } from '../shell/stat.js';

/** Bytes of all that is printed about files whose contents are wanted. */
const mostTogether = 32 * 1024 * 1024;

const sums = ['md5', 'sha256', 'sha512'] as const;
type Sum = (typeof sums)[number];

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
    uid: { type: 'number', summary: 'Number of the owner', example: 0 },
    gid: { type: 'number', summary: 'Number of the group', example: 0 },
    size: { type: 'size', summary: 'Size', example: { le: '10MiB' } },
    contents: {
      type: 'text',
      summary: 'What a regular file holds (up to 1 MiB); links are always followed',
      example: ['PermitRootLogin no', '!/^PasswordAuthentication yes/'],
    },
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
  needs: ['coreutils', 'xargs (findutils) for contents and sums'],
  notes:
    'A path is absent only where it could be looked for: below a folder that may not be searched by this user it is unknown. ' +
    'A dangling link is absent unless `follow: false`. Contents that are not UTF-8 have U+FFFD in place of what cannot be read.',
  // What reads whole files has a probe of its own: a slow disk or a huge file must not hold up the others.
  probes: (queries) =>
    [queries.filter(readsContents), queries.filter((query) => !readsContents(query))]
      .filter((some) => some.length > 0)
      .map((some) => ({
        kind: 'shell',
        answers: some,
        script: askForFiles(some),
        exits: [0],
        limit: Math.max(some.some(readsContents) ? 60 : 10, ...some.map((query) => query.timeout ?? 0)),
        maxBytes: mostTogether,
        slots: 'shared',
        parse: (output) => readFiles(some, output),
      })),
});

function follows(query: Query): boolean {
  return query.params.follow !== false;
}

function readsContents(query: Query): boolean {
  return wants(query, ['contents', ...sums]);
}

function wants(query: Query, properties: readonly string[]): boolean {
  return properties.some((property) => query.wanted.has(property));
}

/** The paths that each question is about, without repeats and in the order in which they are asked. */
function pathsOf(queries: readonly Query[]) {
  const some = (wanted: (query: Query) => boolean) => [
    ...new Set(queries.filter(wanted).map((query) => query.subject)),
  ];
  return {
    /** Through links: also whatever needs a regular file or the end of a link. */
    followed: some((query) => follows(query) || wants(query, ['contents', 'real-path', ...sums])),
    itself: some((query) => !follows(query) || wants(query, ['linked-to'])),
    real: some((query) => wants(query, ['real-path'])),
    contents: some((query) => wants(query, ['contents'])),
    md5: some((query) => wants(query, ['md5'])),
    sha256: some((query) => wants(query, ['sha256'])),
    sha512: some((query) => wants(query, ['sha512'])),
  };
}

/**
 * Asks for all files with a handful of processes. Standard output is fields that end with NUL, in sections that begin
 * with a field `=name`; standard error has a line `=name` at the same places. Contents come last.
 */
function askForFiles(queries: readonly Query[]): Script {
  const paths = pathsOf(queries);
  const each = (some: readonly string[], ask: (some: readonly string[]) => Script) => chunkWords(some).map(ask);
  return joinScripts([
    sh`at() { printf '=%s\0' "$1"; echo "=$1" >&2; }
regular() { for p do [ -f "$p" ] && [ -r "$p" ] && printf '%s\0' "$p"; done; }`,
    ...(queries.some(({ wanted }) => wanted.has('age')) ? [sh`at now; printf '%s\0' "$(date +%s)"`] : []),
    ...each(paths.followed, (some) => sh`at followed; ${printStatus(some, 'follow')}`),
    ...each(paths.itself, (some) => sh`at itself; ${printStatus(some, 'no-follow')}`),
    ...each(paths.real, (some) => sh`at real; realpath -ez -- ${some}`),
    ...sums.flatMap((sum) =>
      each(paths[sum], (some) => sh`at ${sum}; regular ${some} | xargs -0r ${`${sum}sum`} -z --`),
    ),
    ...(paths.contents.length > 0 ? [sh`at contents`, printContents(paths.contents)] : []),
    sh`exit 0`,
  ]);
}

/** What was printed: tables by path, and lines of standard error by section. */
interface Answer {
  readonly now?: number;
  readonly followed: ReadonlyMap<string, FileStatus>;
  readonly itself: ReadonlyMap<string, FileStatus>;
  readonly real: readonly string[];
  readonly sums: { readonly [sum in Sum]: ReadonlyMap<string, string> };
  readonly contents: Buffer;
  readonly said: ReadonlyMap<string, readonly string[]>;
}

/** @throws Error where it is not what the script prints */
function takeApart(output: ShellOutput): Answer {
  const status = { followed: new Map<string, FileStatus>(), itself: new Map<string, FileStatus>() };
  const hashes = {
    md5: new Map<string, string>(),
    sha256: new Map<string, string>(),
    sha512: new Map<string, string>(),
  };
  const single: { now?: number; contents: Buffer } = { contents: Buffer.alloc(0) };
  const real: string[] = [];
  const fields = new FieldReader(output.stdout);
  let at = '';
  for (let field = fields.next(); field !== undefined; field = fields.next()) {
    if (field.startsWith('=')) at = field.slice(1);
    else if (at === 'now') single.now = Number(field);
    else if (at === 'followed' || at === 'itself') status[at].set(field, readStatus(field, fields));
    else if (at === 'real') real.push(field);
    else if (at === 'md5' || at === 'sha256' || at === 'sha512') hashes[at].set(...readSum(field));
    else throw new Error('a field that belongs nowhere');
    if (at === 'contents') single.contents = fields.rest();
  }
  return { ...single, ...status, real, sums: hashes, said: splitComplaints(output.stderr) };
}

/** `HASH  PATH`; with `-z` nothing in the path is escaped. */
function readSum(field: string): [string, string] {
  const [, hash, path] = /^([0-9a-f]{32,128}) [ *](\/.*)$/s.exec(field) ?? [];
  if (hash === undefined || path === undefined) throw new Error('a broken line of a checksum tool');
  return [path, hash];
}

/** Lines by section; a name cannot begin a line, as coreutils escape line breaks in names. */
function splitComplaints(stderr: Buffer): ReadonlyMap<string, readonly string[]> {
  const said = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of stderr.toString('utf8').split('\n')) {
    if (line.startsWith('=')) {
      lines = said.get(line.slice(1)) ?? [];
      said.set(line.slice(1), lines);
    } else if (line !== '') lines.push(line);
  }
  return said;
}

/** What is known about each path, or why it is not. */
interface Tables {
  readonly now?: number;
  readonly followed: ReadonlyMap<string, FileStatus | NoReading>;
  readonly itself: ReadonlyMap<string, FileStatus | NoReading>;
  readonly real: ReadonlyMap<string, string>;
  readonly contents: ReadonlyMap<string, string | NoReading>;
  sum(sum: Sum, path: string): string | NoReading;
}

function readFiles(queries: readonly Query[], output: ShellOutput): ReadonlyMap<string, Observation<Readings>> {
  const paths = pathsOf(queries);
  const answer = takeApart(output);
  const said = (section: string) => answer.said.get(section) ?? [];
  // realpath(1) prints no names: they are told by their order, if none is missing.
  const resolved = paths.real.filter((path) => answer.followed.has(path));
  const tables: Tables = {
    ...(answer.now !== undefined && { now: answer.now }),
    followed: new Map<string, FileStatus | NoReading>([
      ...answer.followed,
      ...explainMissing(paths.followed, answer.followed, said('followed')),
    ]),
    itself: new Map<string, FileStatus | NoReading>([
      ...answer.itself,
      ...explainMissing(paths.itself, answer.itself, said('itself')),
    ]),
    real: new Map(
      resolved.length === answer.real.length ? answer.real.map((real, at) => [resolved[at] ?? '', real]) : [],
    ),
    contents: readContents(paths.contents, answer.contents, said('contents')),
    sum: (sum, path) =>
      answer.sums[sum].get(path) ?? unknownReading(findComplaint(path, paths[sum], said(sum)) ?? notReadable),
  };
  return new Map(queries.map((query) => [query.id, readFile(query, tables)]));
}

interface Readings {
  readonly exists?: boolean;
  readonly [property: string]: Reading | undefined;
}

function readFile(query: Query, tables: Tables): Observation<Readings> {
  const path = query.subject;
  const status = lookUp(path, follows(query) ? tables.followed : tables.itself);
  if ('noReading' in status) return readMissing(query, status, tables);
  const readings = [...query.wanted].map((property) => [property, readProperty(property, path, status, tables)]);
  return known(Object.fromEntries(readings));
}

function readProperty(property: string, path: string, status: FileStatus, tables: Tables): Reading | undefined {
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
    case 'md5':
    case 'sha256':
    case 'sha512':
      return readWhole(path, tables) ?? tables.sum(property, path);
    default: {
      const { type: filetype, mode, uid, user: owner, gid, group, size } = status;
      return { filetype, mode, uid, owner, gid, group, size }[property];
    }
  }
}

function lookUp(path: string, table: ReadonlyMap<string, FileStatus | NoReading>): FileStatus | NoReading {
  return table.get(path) ?? unknownReading('it was not looked at');
}

/** Where a dangling link points is still a fact. */
function readMissing(query: Query, missing: NoReading, tables: Tables): Observation<Readings> {
  if (missing.noReading === 'unknown') return unknown(missing.reason);
  const target = query.wanted.has('linked-to') && readLink(query.subject, tables);
  if (typeof target !== 'string') return absent(missing.reason);
  const none = absentReading('a symbolic link that leads nowhere');
  const readings = Object.fromEntries([...query.wanted].map((property) => [property, none]));
  return known({ ...readings, exists: false, 'linked-to': target });
}

function readLink(path: string, tables: Tables): string | NoReading {
  const link = lookUp(path, tables.itself);
  return 'noReading' in link ? link : (link.target ?? absentReading('it is no symbolic link'));
}

/** Why there is nothing at the end of the links; undefined where there is. */
function readEnd(path: string, tables: Tables): NoReading | undefined {
  const status = lookUp(path, tables.followed);
  return 'noReading' in status ? status : undefined;
}

/** Why there are no contents there; undefined where there can be. */
function readWhole(path: string, tables: Tables): NoReading | undefined {
  const status = lookUp(path, tables.followed);
  if ('noReading' in status) return status;
  return status.type === 'file' ? undefined : absentReading(`a ${status.type} has no contents`);
}
