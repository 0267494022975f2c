import { pairsOf } from '../spec/node.js';
import { type GossFile, sectionsOf } from './gossfile.js';

/** The comments of one key: above it, and behind what stands there. */
export interface KeyComments {
  readonly before: readonly string[];
  readonly behind?: string;
}

interface Shelf {
  before: string[];
  behind: string[];
}

/** Gives each comment of a gossfile to the key that it stands above or behind, and gives each away once. */
export class Comments {
  private readonly byKey = new Map<number, Shelf>();
  /** At the top of the file, apart from what follows. */
  readonly header: readonly string[];
  private readonly end: string[] = [];

  constructor(file: GossFile) {
    const keys = listKeys(file);
    const [first = Number.POSITIVE_INFINITY] = keys;
    const top = file.comments.filter(({ offset, ownLine }) => ownLine && offset < first);
    const gap = top.findLastIndex(({ offset, text }) =>
      /^\r?\n[ \t]*\r?\n/.test(file.file.text.slice(offset + 1 + text.length)),
    );
    this.header = top.slice(0, gap + 1).map(({ text }) => text);
    for (const { offset, text, ownLine } of file.comments.slice(gap + 1)) {
      const at = countUpTo(keys, offset);
      const key = keys[ownLine ? at : at - 1];
      if (key === undefined) this.end.push(text);
      else this.shelfOf(key)[ownLine ? 'before' : 'behind'].push(text);
    }
  }

  take(key: number): KeyComments {
    const shelf = this.byKey.get(key);
    this.byKey.delete(key);
    const behind = shelf?.behind.join(';');
    return { before: shelf?.before ?? [], ...(behind && { behind }) };
  }

  /** What nobody took, as what it belonged to is not there any more, and what stands at the end. */
  takeRest(): readonly string[] {
    const rest = [...this.byKey].sort(([a], [b]) => a - b).flatMap(([, { before, behind }]) => [...before, ...behind]);
    this.byKey.clear();
    return [...rest, ...this.end];
  }

  private shelfOf(key: number): Shelf {
    const shelf = this.byKey.get(key) ?? { before: [], behind: [] };
    this.byKey.set(key, shelf);
    return shelf;
  }
}

/** Offsets of the keys of sections, resources and attributes, in order. */
function listKeys(file: GossFile): readonly number[] {
  const keys = new Set<number>();
  for (const section of sectionsOf(file)) {
    keys.add(section.key.start);
    for (const entry of pairsOf(section.value)) {
      keys.add(entry.key.start);
      for (const { key } of pairsOf(entry.value)) keys.add(key.start);
    }
  }
  return [...keys].sort((a, b) => a - b);
}

/** How many of the sorted numbers are less than a limit. */
function countUpTo(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
