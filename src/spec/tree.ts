import { type Alias, isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import { mistakeAt, positionOf, type Report } from './mistake.js';
import type { ListNode, MapNode, Pair, Place, ScalarNode, SpecFile, SpecNode } from './node.js';
import { mostNodes } from './node.js';

/** Makes our tree of the library's. @throws TooLarge */
export function buildTree(contents: ParsedNode, file: SpecFile, report: Report): SpecNode {
  return new TreeBuilder(file, report).build(contents);
}

/** Ends the reading of a file: there is no sense in going on. */
export class TooLarge extends Error {
  constructor(
    message: string,
    readonly place: Place,
  ) {
    super(message);
  }
}

/** With aliases and merge keys followed, bounded, and duplicate keys found. */
class TreeBuilder {
  private readonly anchors = new Map<string, SpecNode | 'open'>();

  constructor(
    private readonly file: SpecFile,
    private readonly report: Report,
  ) {}

  build(node: ParsedNode | null, after = 0): SpecNode {
    if (!node) return this.empty(after);
    if (isAlias(node)) return this.follow(node);
    if (node.anchor) this.anchors.set(node.anchor, 'open');
    const built = isScalar(node) ? this.scalar(node) : this.collection(node);
    if (node.anchor) this.anchors.set(node.anchor, built);
    return built;
  }

  private empty(at: number): ScalarNode {
    return { kind: 'scalar', value: null, source: '', size: 1, file: this.file, start: at, end: at };
  }

  private scalar(node: Scalar.Parsed): ScalarNode {
    const [start, end] = node.range;
    const value = readScalar(node.value);
    return { kind: 'scalar', value, source: node.source ?? String(value), size: 1, file: this.file, start, end };
  }

  private collection(node: ParsedNode): ListNode | MapNode {
    const [start, end] = node.range;
    const place = { file: this.file, start, end };
    if (isSeq<ParsedNode>(node)) {
      const items = node.items.map((item) => this.build(item, end));
      return { kind: 'list', items, size: this.sizeOf(items, place), ...place };
    }
    const pairs = isMap<ParsedNode, ParsedNode | null>(node) ? this.pairs(node) : [];
    const values = pairs.map(({ value }) => value);
    return { kind: 'map', pairs, size: this.sizeOf(values, place), ...place };
  }

  /** Keys of a merged mapping stand behind the mapping's own, which win. */
  private pairs(node: YAMLMap<ParsedNode, ParsedNode | null>): Pair[] {
    const own = new Map<string, Pair>();
    const merged: Pair[] = [];
    for (const { key: written, value } of node.items) {
      const key = this.key(written);
      if (!key) continue;
      const built = this.build(value, key.end);
      if (isScalar(written) && written.type === 'PLAIN' && key.source === '<<') {
        merged.push(...this.merge(built, key));
        continue;
      }
      const first = own.get(key.source);
      if (first) this.reportDuplicate(key, first.key);
      else own.set(key.source, { key, value: built });
    }
    for (const pair of merged) if (!own.has(pair.key.source)) own.set(pair.key.source, pair);
    return [...own.values()];
  }

  private key(written: ParsedNode): ScalarNode | undefined {
    const key = this.build(written, written?.range[0]);
    if (key.kind === 'scalar') return key;
    this.report(mistakeAt('wrong-type', 'a key is a word or text, not a list or mapping', key));
    return undefined;
  }

  private merge(node: SpecNode, key: ScalarNode): readonly Pair[] {
    const sources = node.kind === 'list' ? node.items : [node];
    return sources.flatMap((source) => {
      if (source.kind === 'map') return source.pairs;
      this.report(mistakeAt('bad-alias', '`<<` merges a mapping or a list of mappings', key));
      return [];
    });
  }

  private reportDuplicate(key: ScalarNode, first: ScalarNode): void {
    const { line, column } = positionOf(first);
    const message = `the key ${JSON.stringify(key.source)} is here twice`;
    this.report(mistakeAt('duplicate-key', message, key, `it first stands in line ${line}, column ${column}`));
  }

  private follow(alias: Alias.Parsed): SpecNode {
    const [start, end] = alias.range;
    const place = { file: this.file, start, end };
    const target = this.anchors.get(alias.source);
    if (target && target !== 'open') return target;
    const message = target ? `*${alias.source} stands inside what it means` : `there is no anchor &${alias.source}`;
    this.report(mistakeAt('bad-alias', message, place));
    return this.empty(start);
  }

  private sizeOf(nodes: readonly SpecNode[], place: Place): number {
    let size = 1;
    for (const node of nodes) size += node.size;
    if (size <= mostNodes) return size;
    const message = `what its aliases mean grows to more than ${mostNodes} values`;
    throw new TooLarge(message, place);
  }
}

function readScalar(value: unknown): ScalarNode['value'] {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : String(value);
}
