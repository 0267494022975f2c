import type { NoReading, Script } from '../model.js';
import { absentReading, unknownReading } from '../resource.js';
import type { FieldReader } from './fields.js';
import { sh } from './sh.js';

/** Fields of `stat --printf`: name, raw mode, uid, user, gid, group, size, mtime, and name with link target. */
const fields = '%n\\0%f\\0%u\\0%U\\0%g\\0%G\\0%s\\0%Y\\0%N\\0';

/** inode(7), by `S_IFMT`. */
const fileTypes: ReadonlyMap<number, string> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
  [0o140000, 'socket'],
  [0o010000, 'pipe'],
  [0o020000, 'character-device'],
  [0o060000, 'block-device'],
]);

export interface FileStatus {
  readonly type: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
  /** Names; the number as text where there is none. */
  readonly user: string;
  readonly gid: number;
  readonly group: string;
  readonly size: number;
  /** Epoch seconds. */
  readonly modified: number;
  /** Where a link points, as it is written in the link. */
  readonly target?: string;
}

/**
 * Prints one record for each path, through links or not. `find -files0-from` was ruled out: `stat` says which path it
 * could not look at and why, one line each in the order of its arguments, and does not fall back to a dangling link.
 * GNU only, as busybox has neither `--printf` nor another safe end of a record.
 */
export function printStatus(paths: readonly string[], links: 'follow' | 'no-follow'): Script {
  const how = links === 'follow' ? ['-L', '--printf', fields] : ['--printf', fields];
  return sh`QUOTING_STYLE=literal stat ${how} -- ${paths}`;
}

/**
 * Reads the fields of one record after the path.
 * @throws Error where they are not what `printStatus` prints
 */
export function readStatus(path: string, fields: FieldReader): FileStatus {
  const next = () => fields.next() ?? '';
  const [mode, uid, user, gid, group, size, modified] = [next(), next(), next(), next(), next(), next(), next()];
  const link = next();
  if (!/^[0-9a-f]{1,8} \d+ \d+ \d+ -?\d+$/.test([mode, uid, gid, size, modified].join(' '))) {
    throw new Error('a broken record of stat');
  }
  const bits = Number.parseInt(mode, 16);
  return {
    type: fileTypes.get(bits & 0o170000) ?? 'unknown',
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    uid: Number(uid),
    user: user === 'UNKNOWN' ? uid : user,
    gid: Number(gid),
    group: group === 'UNKNOWN' ? gid : group,
    size: Number(size),
    modified: Number(modified),
    ...(link.startsWith(`${path} -> `) && { target: link.slice(path.length + 4) }),
  };
}

/** Why there is no record of a path: `stat` complains once for each such path, in the order of its arguments. */
export function explainMissing(
  paths: readonly string[],
  found: ReadonlyMap<string, FileStatus>,
  said: readonly string[],
): readonly [string, NoReading][] {
  const missing = paths.filter((path) => !found.has(path));
  if (said.length === missing.length) return missing.map((path, at) => [path, explain(said[at] ?? '')]);
  return missing.map((path) => [path, unknownReading(`stat of GNU coreutils is needed: ${said[0] ?? 'no answer'}`)]);
}

/** glibc's words, then musl's. */
function explain(complaint: string): NoReading {
  switch (complaint.slice(complaint.lastIndexOf(': ') + 2)) {
    case 'No such file or directory':
      return absentReading('no such file or directory');
    case 'Not a directory':
      return absentReading('something above it is not a directory');
    case 'Too many levels of symbolic links':
    case 'Symbolic link loop':
      return absentReading('its symbolic links go in a circle');
    case 'Permission denied':
      return unknownReading('this user may not look into a folder above it: connect as root or set `sudo: true`');
    default:
      return unknownReading(`it could not be looked at: ${complaint}`);
  }
}
