import type { NoReading, Script, ShellOutput } from '../model.js';
import { absentReading, unknownReading } from '../resource.js';
import { chunkWords } from './chunks.js';
import { printContents, readContents } from './contents.js';
import { FieldReader } from './fields.js';
import { joinScripts, sh } from './sh.js';
import { explainMissing, type FileStatus, printStatus, readStatus } from './stat.js';

/** Prints what kind of files they are and what they hold, with two processes. Links are followed. */
export function printTextFiles(paths: readonly string[]): Script {
  return joinScripts([
    ...chunkWords(paths).map((some) => printStatus(some, 'follow')),
    sh`printf '=contents\0'; echo =contents >&2`,
    printContents(paths),
    sh`exit 0`,
  ]);
}

/**
 * Reads what `printTextFiles` printed for the same paths: the text of each file, or why there is none.
 * @throws Error where the output is broken
 */
export function readTextFiles(paths: readonly string[], output: ShellOutput): ReadonlyMap<string, string | NoReading> {
  const lines = output.stderr.toString('utf8').split('\n').filter(Boolean);
  const middle = lines.indexOf('=contents');
  const said = middle < 0 ? lines : lines.slice(0, middle);
  const fields = new FieldReader(output.stdout);
  const found = new Map<string, FileStatus>();
  for (let path = fields.next(); path !== '=contents'; path = fields.next()) {
    if (path === undefined) throw new Error('the answer ends in the middle');
    found.set(path, readStatus(path, fields));
  }
  const contents = readContents(paths, fields.rest(), lines.slice(middle + 1));
  const missing = new Map(explainMissing(paths, found, said));
  return new Map(paths.map((path) => [path, missing.get(path) ?? readText(path, found, contents)]));
}

function readText(
  path: string,
  found: ReadonlyMap<string, FileStatus>,
  contents: ReadonlyMap<string, string | NoReading>,
): string | NoReading {
  const type = found.get(path)?.type;
  if (type !== undefined && type !== 'file') return absentReading(`it is a ${type}, not a file`);
  return contents.get(path) ?? unknownReading('it was not read');
}
