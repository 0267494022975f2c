import type { NoReading, Script } from '../model.js';
import { absentReading, unknownReading } from '../resource.js';
import { findComplaint, notReadable } from '../shell/contents.js';
import type { FieldReader } from '../shell/fields.js';
import { sh } from '../shell/sh.js';

/** Of all folders together. */
const mostEntries = 100_000;

/**
 * Prints two fields for each folder and then for each name in it: depth and folder, name. One `find`, GNU's, and one
 * `head` for all of them.
 */
export function printEntries(paths: readonly string[]): Script {
  return sh`find -H ${paths} -maxdepth 1 -printf '%d%H\0%f\0' | head -z -n ${2 * mostEntries}`;
}

/** The names in each folder, and which of them is surely whole: those before the last one, and the last if all fits. */
export class EntryTable {
  private readonly names = new Map<string, string[]>();
  private last = '';
  private count = 0;

  /** @throws Error where it is not what `printEntries` prints */
  add(field: string, fields: FieldReader): void {
    const [, depth, folder = ''] = /^(\d)(\/.*)$/s.exec(field) ?? [];
    const name = fields.next();
    if (depth === undefined || name === undefined) throw new Error('a broken record of find');
    this.count += 1;
    this.last = folder;
    const names = this.names.get(folder) ?? [];
    this.names.set(folder, names);
    if (depth === '1') names.push(name);
  }

  /**
   * Sorted; or why it cannot be told.
   * @param paths all that were asked about
   * @param said lines of standard error
   */
  read(path: string, type: string, paths: readonly string[], said: readonly string[]): readonly string[] | NoReading {
    if (type !== 'directory') return absentReading(`a ${type} has no entries`);
    const complaint = findComplaint(path, paths, said);
    if (complaint?.endsWith(': Permission denied')) return unknownReading(notReadable);
    if (complaint !== undefined) return unknownReading(`it could not be listed: ${complaint}`);
    const names = this.names.get(path);
    if (!names) return unknownReading('find gave no answer');
    if (this.count >= mostEntries && path === this.last) {
      return unknownReading(`there are more than ${mostEntries} names in the folders that are asked about`);
    }
    return [...names].sort();
  }
}
