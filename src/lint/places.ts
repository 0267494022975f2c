import type { Position } from '../model.js';
import type { Place, SpecFile, SpecNode } from '../spec/node.js';

/** Finds the node at a line and column, so that a finding marks a whole word: entries keep only where they begin. */
export class Places {
  private readonly ends = new Map<SpecFile, ReadonlyMap<number, number>>();

  constructor(private readonly files: readonly SpecFile[]) {}

  at({ file: name, line, column }: Position): Place {
    const file = this.files.find((one) => one.name === name) ?? this.files[0];
    if (!file) throw new TypeError('a spec without files has no places');
    const start = (file.lines[line - 1] ?? 0) + column - 1;
    return { file, start, end: this.endsIn(file).get(start) ?? start + 1 };
  }

  private endsIn(file: SpecFile): ReadonlyMap<number, number> {
    const known = this.ends.get(file);
    if (known) return known;
    const ends = new Map<number, number>();
    if (file.root) noteEnds(file.root, ends, new Set());
    this.ends.set(file, ends);
    return ends;
  }
}

/** Aliases share nodes: each is gone through once. */
function noteEnds(node: SpecNode, ends: Map<number, number>, seen: Set<SpecNode>): void {
  if (seen.has(node)) return;
  seen.add(node);
  if (node.kind === 'scalar') ends.set(node.start, node.end);
  else if (node.kind === 'list') for (const item of node.items) noteEnds(item, ends, seen);
  else {
    for (const { key, value } of node.pairs) {
      noteEnds(key, ends, seen);
      noteEnds(value, ends, seen);
    }
  }
}
