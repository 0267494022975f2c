import type { NoReading, Script, Value } from '../model.js';
import { unknownReading } from '../resource.js';
import { joinScripts, sh } from '../shell/sh.js';

/** Answers by the real path of a file, or one reason for all. */
export type ByRealPath<V extends Value> = ReadonlyMap<string, V | NoReading> | NoReading;

/**
 * Prints what a tool says of the ends of some links as one field: neither `getcap` nor `lsattr` follows links. Needs
 * xargs.
 */
function askAboutEnds(words: readonly [string, ...string[]], from: string, paths: readonly string[]): Script {
  return joinScripts([
    sh`command -v ${words[0]} >/dev/null || echo ${`${words[0]} is missing (${from})`} >&2`,
    sh`printf '%s\0' "$(realpath -ez -- ${paths} 2>/dev/null | xargs -0r ${words})"`,
  ]);
}

/** Prints the capabilities of regular files, by their real paths. */
export function printCapabilities(paths: readonly string[]): Script {
  // It knows no `--`; but a real path begins with a slash.
  return askAboutEnds(['getcap'], 'libcap', paths);
}

/** Prints the attributes of ext2 and its likes, which other file systems have taken over, by real paths. */
export function printFlags(paths: readonly string[]): Script {
  return askAboutEnds(['lsattr', '-d', '--'], 'e2fsprogs', paths);
}

/** Prints the access control lists, by the paths as they were asked for. */
export function printAccessLists(paths: readonly string[]): Script {
  return joinScripts([
    sh`command -v getfacl >/dev/null || echo 'getfacl is missing (acl)' >&2`,
    sh`printf '%s\0' "$(getfacl -pE -- ${paths})"`,
  ]);
}

/** cap_text_formats(7): `cap_net_admin,cap_net_raw=ep`, of older libcap with a plus. */
const clauses = /^[a-z0-9_,]*[=+][eip]+(?: [a-z0-9_,]*[=+][eip]+)*$/;

/**
 * Lines `PATH CAPABILITIES`, of older libcap with ` = ` between; a file without any has no line.
 * @param paths real ones
 */
export function readCapabilities(
  paths: readonly string[],
  text: string,
  said: readonly string[],
): ByRealPath<readonly string[]> {
  const mistake = findMistake('capabilities', paths, said);
  if (mistake) return mistake;
  const asked = new Set(paths);
  const found = new Map<string, readonly string[] | NoReading>(paths.map((path) => [path, []]));
  for (const line of text.split('\n').filter(Boolean)) {
    const path = prefixes(line).find((prefix) => asked.has(prefix));
    if (path === undefined) return unknownReading(`getcap answered with a line that belongs to no file: ${line}`);
    found.set(path, splitCapabilities(line.slice(path.length + 1).replace(/^= /, '')));
  }
  return found;
}

/** What stands before each space of a line, the longest first. */
function prefixes(line: string): readonly string[] {
  const ends = [...line.matchAll(/ /g)].map(({ index }) => index);
  return ends.reverse().map((end) => line.slice(0, end));
}

/** `cap_net_admin,cap_net_raw=ep` is `[cap_net_admin=ep, cap_net_raw=ep]`. */
function splitCapabilities(text: string): readonly string[] | NoReading {
  if (!clauses.test(text)) return unknownReading(`getcap answered ${JSON.stringify(text.slice(0, 100))}`);
  const each = text.split(' ').flatMap((clause) => {
    const [names = '', flags = ''] = clause.split(/[=+]/);
    return (names === '' ? 'all' : names).split(',').map((name) => `${name}=${flags}`);
  });
  return each.sort();
}

/**
 * Lines `----i---------e------- PATH`; `i` is immutable, chattr(1).
 * @param paths real ones
 */
export function readImmutable(paths: readonly string[], text: string, said: readonly string[]): ByRealPath<boolean> {
  // A file system without attributes is told of that file only.
  const mistake = findMistake(
    'attributes',
    paths,
    said.filter((line) => !/^lsattr: .* \//.test(line)),
  );
  if (mistake) return mistake;
  const lines = text.split('\n').flatMap((line): [string, boolean][] => {
    const [, flags, path] = /^([-A-Za-z]{8,}) (\/.*)$/.exec(line) ?? [];
    return flags === undefined || path === undefined ? [] : [[path, flags.includes('i')]];
  });
  const flags = new Map(lines);
  return new Map(
    paths.map((path) => [
      path,
      flags.get(path) ?? unknownReading(explainFlags(said.find((line) => line.endsWith(` ${path}`)))),
    ]),
  );
}

function explainFlags(said: string | undefined): string {
  if (said === undefined) return 'lsattr gave no answer';
  if (/Operation not supported|Inappropriate ioctl/.test(said)) return 'its file system has no such attributes';
  return `its attributes could not be read: ${said}`;
}

/** One line for each file is only told apart where no name holds a line break. */
function findMistake(what: string, paths: readonly string[], said: readonly string[]): NoReading | undefined {
  if (paths.some((path) => path.includes('\n'))) {
    return unknownReading(`the ${what} of a file with a line break in its name cannot be told`);
  }
  const [first] = said;
  return first === undefined ? undefined : unknownReading(`the ${what} could not be read: ${first}`);
}

/**
 * Blocks of getfacl(1), whose names have octal escapes: the entries beyond what the mode says. `mask` is the group's part
 * of the mode where there is such a list.
 */
export function readAccessLists(text: string): ReadonlyMap<string, readonly string[]> {
  const lists = new Map<string, readonly string[]>();
  for (const block of text.split('\n\n')) {
    const lines = block.split('\n').filter(Boolean);
    const name = lines.find((line) => line.startsWith('# file: '))?.slice(8);
    const entries = lines.filter((line) => !line.startsWith('#'));
    if (name === undefined || !entries.some((entry) => entry.startsWith('user::'))) continue;
    lists.set(unescapeName(name), entries.filter((entry) => !/^(user|group|mask|other)::/.test(entry)).sort());
  }
  return lists;
}

function unescapeName(name: string): string {
  return name.replace(/\\([0-7]{3}|\\)/g, (_, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 8)),
  );
}
