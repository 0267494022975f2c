import type { Query, Script } from '../model.js';
import { chunkWords } from '../shell/chunks.js';
import { printContents } from '../shell/contents.js';
import { joinScripts, sh } from '../shell/sh.js';
import { printStatus } from '../shell/stat.js';
import { listAccessQuestions, printAccess } from './access.js';
import { printAccessLists, printCapabilities, printFlags } from './attributes.js';
import { printEntries } from './entries.js';
import { formats } from './settings.js';

export const sums = ['md5', 'sha256', 'sha512'] as const;
export type Sum = (typeof sums)[number];

/** Answered by what a file holds. */
const ofContents: readonly string[] = ['contents', ...Object.keys(formats)];

/** Of the end of all links, whatever the question is about. */
const ofTheEnd = [...ofContents, ...sums, 'real-path', 'entries', 'capabilities', 'immutable'];

export function follows(query: Query): boolean {
  return query.params.follow !== false;
}

/** Whether the answer takes time: whole files are read, folders listed. */
export function isSlow(query: Query): boolean {
  return wants(query, [...ofContents, ...sums, 'entries']);
}

function wants(query: Query, properties: readonly string[]): boolean {
  return properties.some((property) => query.wanted.has(property));
}

/** The paths that each question is about, without repeats and in the order in which they are asked. */
export function pathsOf(queries: readonly Query[]) {
  const some = (...properties: readonly string[]) => listPaths(queries, (query) => wants(query, properties));
  return {
    followed: listPaths(queries, (query) => follows(query) || wants(query, ofTheEnd)),
    itself: listPaths(queries, (query) => !follows(query) || wants(query, ['linked-to'])),
    real: some('real-path', 'capabilities', 'immutable'),
    contents: some(...ofContents),
    md5: some('md5'),
    sha256: some('sha256'),
    sha512: some('sha512'),
    entries: some('entries'),
    capabilities: some('capabilities'),
    flags: some('immutable'),
    acl: some('acl'),
  };
}

function listPaths(queries: readonly Query[], isMeant: (query: Query) => boolean): readonly string[] {
  return [...new Set(queries.filter(isMeant).map((query) => query.subject))];
}

/**
 * Asks for all files with a handful of processes. Standard output is fields that end with NUL, in sections that begin
 * with a field `=name`; standard error has a line `=name` at the same places. Contents come last.
 */
export function askForFiles(queries: readonly Query[]): Script {
  const paths = pathsOf(queries);
  const access = listAccessQuestions(queries);
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
    ...each(paths.entries, (some) => sh`at entries; ${printEntries(some)}`),
    ...each(paths.capabilities, (some) => sh`at capabilities; ${printCapabilities(some)}`),
    ...each(paths.flags, (some) => sh`at flags; ${printFlags(some)}`),
    ...each(paths.acl, (some) => sh`at acl; ${printAccessLists(some)}`),
    ...(access.size > 0 ? [sh`at access`, printAccess(access)] : []),
    ...(paths.contents.length > 0 ? [sh`at contents`, printContents(paths.contents)] : []),
    sh`exit 0`,
  ]);
}
