import type { NoReading, Script } from '../model.js';
import { unknownReading } from '../resource.js';
import { chunkWords } from './chunks.js';
import { joinScripts, sh } from './sh.js';

/** Bytes of one file. One more is read, which tells that there was more. */
const mostBytes = 1024 * 1024;

/**
 * What these two hold stands before, between and behind the contents of files. No file can be expected to hold it, as the
 * first is random since the boot; one that does (written on purpose) spoils the count, and all contents become unknown.
 * The second keeps the text from overlapping with itself at the end of a file.
 */
const separatorFiles = ['/proc/sys/kernel/random/boot_id', '/proc/sys/kernel/ostype'];
const separatorPattern = /^[0-9a-f-]{36}\n[A-Za-z]+\n/;

/** Why a file that is there was not read. */
export const notReadable = 'this user may not read it: connect as root or set `sudo: true`';

/**
 * Prints the contents of many files with one `head`. Needs xargs. What is not a regular file counts as empty, as reading
 * a pipe or a device would hang; a regular file that may not be read is told by its number on standard error.
 */
export function printContents(paths: readonly string[]): Script {
  return joinScripts([
    sh`i=0
feed() {
  for p do
    [ -f "$p" ] && { [ -r "$p" ] || { echo "unreadable $i" >&2; false; }; } || p=/dev/null
    printf '%s\0' ${separatorFiles} "$p"
    i=$((i + 1))
  done
}
{`,
    ...chunkWords(paths).map((some) => sh`feed ${some}`),
    sh`printf '%s\0' ${separatorFiles}
} | xargs -0 head -q -c ${mostBytes + 1} --`,
  ]);
}

/**
 * Reads what `printContents` printed for the same paths; a path without contents has the reason in their place.
 * @param said lines of standard error
 */
export function readContents(paths: readonly string[], printed: Buffer, said: readonly string[]) {
  const unreadable = new Set(said.flatMap((line) => /^unreadable (\d+)$/.exec(line)?.[1] ?? []).map(Number));
  const complaints = said.filter((line) => !/^unreadable \d+$/.test(line));
  const parts = splitContents(printed);
  if (parts?.length !== paths.length) {
    const reason = unknownReading(`the contents could not be read: ${complaints[0] ?? 'they could not be told apart'}`);
    return new Map<string, string | NoReading>(paths.map((path) => [path, reason]));
  }
  return new Map(
    paths.map((path, at): [string, string | NoReading] => {
      if (unreadable.has(at)) return [path, unknownReading(notReadable)];
      const complaint = findComplaint(path, paths, complaints);
      if (complaint !== undefined) return [path, unknownReading(`it could not be read: ${complaint}`)];
      return [path, decode(parts[at] ?? Buffer.alloc(0))];
    }),
  );
}

function splitContents(printed: Buffer): readonly Buffer[] | undefined {
  const separator = separatorPattern.exec(printed.toString('latin1', 0, 64))?.[0];
  if (separator === undefined) return undefined;
  const parts: Buffer[] = [];
  let start = separator.length;
  for (let end = printed.indexOf(separator, start); end >= 0; end = printed.indexOf(separator, start)) {
    parts.push(printed.subarray(start, end));
    start = end + separator.length;
  }
  return start === printed.length ? parts : undefined;
}

/**
 * What coreutils said about a path: `head: error reading '/sys/x': Invalid argument`, `md5sum: /sys/x: Invalid argument`.
 * A line that names none of the paths may be about any.
 */
export function findComplaint(path: string, paths: readonly string[], said: readonly string[]): string | undefined {
  const names = (line: string, name: string) => line.includes(`'${name}'`) || line.includes(` ${name}: `);
  return said.find((line) => names(line, path) || !paths.some((other) => names(line, other)));
}

function decode(bytes: Buffer): string | NoReading {
  if (bytes.length > mostBytes) return unknownReading('it is larger than 1 MiB: assert its `sha256` or `size`');
  return bytes.toString('utf8');
}
