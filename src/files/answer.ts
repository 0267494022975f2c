import type { NoReading, Query, ShellOutput } from '../model.js';
import { unknownReading } from '../resource.js';
import { findComplaint, notReadable, readContents } from '../shell/contents.js';
import { FieldReader } from '../shell/fields.js';
import { explainMissing, type FileStatus, readStatus } from '../shell/stat.js';
import { AccessTable } from './access.js';
import { pathsOf, type Sum } from './ask.js';
import { type ByRealPath, readAccessLists, readCapabilities, readImmutable } from './attributes.js';
import { EntryTable } from './entries.js';

/** What was printed: tables by path, and lines of standard error by section. */
interface Answer {
  readonly now?: number;
  readonly followed: ReadonlyMap<string, FileStatus>;
  readonly itself: ReadonlyMap<string, FileStatus>;
  readonly real: readonly string[];
  readonly sums: { readonly [sum in Sum]: ReadonlyMap<string, string> };
  readonly entries: EntryTable;
  readonly access: AccessTable;
  /** What tools with an output of their own said. */
  readonly texts: { readonly [tool in Tool]: string };
  readonly contents: Buffer;
  readonly said: ReadonlyMap<string, readonly string[]>;
}

type Tool = 'capabilities' | 'flags' | 'acl';

/** @throws Error where it is not what the script prints */
function takeApart(output: ShellOutput): Answer {
  const status = { followed: new Map<string, FileStatus>(), itself: new Map<string, FileStatus>() };
  const sums = { md5: new Map<string, string>(), sha256: new Map<string, string>(), sha512: new Map<string, string>() };
  const texts = { capabilities: '', flags: '', acl: '' };
  const several = { entries: new EntryTable(), access: new AccessTable() };
  const single: { now?: number; contents: Buffer } = { contents: Buffer.alloc(0) };
  const real: string[] = [];
  const fields = new FieldReader(output.stdout);
  let at = '';
  for (let field = fields.next(); field !== undefined; field = fields.next()) {
    if (field.startsWith('=')) at = field.slice(1);
    else if (at === 'now') single.now = Number(field);
    else if (at === 'followed' || at === 'itself') status[at].set(field, readStatus(field, fields));
    else if (at === 'real') real.push(field);
    else if (at === 'md5' || at === 'sha256' || at === 'sha512') sums[at].set(...readSum(field));
    else if (at === 'entries' || at === 'access') several[at].add(field, fields);
    else if (at === 'capabilities' || at === 'flags' || at === 'acl') texts[at] += `${field}\n`;
    else throw new Error('a field that belongs nowhere');
    if (at === 'contents') single.contents = fields.rest();
  }
  return { ...single, ...status, ...several, real, sums, texts, said: splitComplaints(output.stderr) };
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
export interface FileTables {
  readonly now?: number;
  readonly followed: ReadonlyMap<string, FileStatus | NoReading>;
  readonly itself: ReadonlyMap<string, FileStatus | NoReading>;
  readonly real: ReadonlyMap<string, string>;
  readonly contents: ReadonlyMap<string, string | NoReading>;
  readonly capabilities: ByRealPath<readonly string[]>;
  readonly immutable: ByRealPath<boolean>;
  readonly access: AccessTable;
  /** Lines of standard error. */
  said(section: string): readonly string[];
  sum(sum: Sum, path: string): string | NoReading;
  entries(path: string, type: string): readonly string[] | NoReading;
  acl(path: string): readonly string[] | NoReading;
}

/** @throws Error where the output is not what the script of the same queries prints */
export function readTables(queries: readonly Query[], output: ShellOutput): FileTables {
  const paths = pathsOf(queries);
  const answer = takeApart(output);
  const said = (section: string) => answer.said.get(section) ?? [];
  const real = pairRealPaths(paths.real, answer);
  const ends = (some: readonly string[]) => some.flatMap((path) => real.get(path) ?? []);
  const lists = readAccessLists(answer.texts.acl);
  return {
    ...(answer.now !== undefined && { now: answer.now }),
    followed: withReasons(paths.followed, answer.followed, said('followed')),
    itself: withReasons(paths.itself, answer.itself, said('itself')),
    real,
    contents: readContents(paths.contents, answer.contents, said('contents')),
    capabilities: readCapabilities(ends(paths.capabilities), answer.texts.capabilities, said('capabilities')),
    immutable: readImmutable(ends(paths.flags), answer.texts.flags, said('flags')),
    access: answer.access,
    said,
    sum: (sum, path) =>
      answer.sums[sum].get(path) ?? unknownReading(findComplaint(path, paths[sum], said(sum)) ?? notReadable),
    entries: (path, type) => answer.entries.read(path, type, paths.entries, said('entries')),
    acl: (path) =>
      lists.get(path) ?? unknownReading(`its access control list could not be read: ${said('acl')[0] ?? 'no answer'}`),
  };
}

function withReasons(paths: readonly string[], found: ReadonlyMap<string, FileStatus>, said: readonly string[]) {
  return new Map<string, FileStatus | NoReading>([...found, ...explainMissing(paths, found, said)]);
}

/** realpath(1) prints no names: they are told by their order, if none is missing. */
function pairRealPaths(paths: readonly string[], { followed, real }: Answer): ReadonlyMap<string, string> {
  const resolved = paths.filter((path) => followed.has(path));
  return new Map(resolved.length === real.length ? real.map((end, at) => [resolved[at] ?? '', end]) : []);
}
