import { type Alias, isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import type { ProblemCode } from '../problem.js';
import { mistakeAt, positionOf, type Report } from './mistake.js';
import type { ListNode, MapNode, Pair, Place, ScalarNode, SpecFile, SpecNode } from './node.js';
import { mostNodes } from './node.js';

/** Makes our tree of the library's. @throws Unbuildable */
export function buildTree(contents: ParsedNode, file: SpecFile, report: Report): SpecNode {
  return new TreeBuilder(file, report).build(contents);
}

/** Ends the reading of a file: what would follow from a hole in it is not worth telling. */
export class Unbuildable extends Error {
  constructor(
    readonly code: ProblemCode,
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

  /** @param owner the key of a value: where nothing is written, that is the place to point at */
  build(node: ParsedNode | null, owner?: Place): SpecNode {
    if (!node) return this.empty(owner);
    if (isAlias(node)) return this.follow(node);
    if (node.anchor) this.anchors.set(node.anchor, 'open');
    const built = isScalar(node) ? this.scalar(node, owner) : this.collection(node);
    if (node.anchor) this.anchors.set(node.anchor, built);
    return built;
  }

  private empty(owner: Place = { file: this.file, start: 0, end: 0 }): ScalarNode {
    const { file, start, end } = owner;
    return { kind: 'scalar', value: null, source: '', size: 1, file, start, end };
  }

  private scalar(node: Scalar.Parsed, owner?: Place): ScalarNode {
    const [start, end] = node.range;
    if (start === end && owner) return this.empty(owner);
    const value = readScalar(node.value);
    return { kind: 'scalar', value, source: node.source ?? String(value), size: 1, file: this.file, start, end };
  }

  private collection(node: ParsedNode): ListNode | MapNode {
    const [start, end] = node.range;
    const place = { file: this.file, start, end };
    if (isSeq<ParsedNode>(node)) {
      const items = node.items.map((item) => this.build(item, place));
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
      const built = this.build(value, key);
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

  private key(written: ParsedNode): ScalarNode {
    const key = this.build(written);
    if (key.kind === 'scalar') return key;
    throw new Unbuildable('wrong-type', 'a key is a word or text, not a list or mapping', key);
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
    throw new Unbuildable('bad-alias', message, place);
  }

  private sizeOf(nodes: readonly SpecNode[], place: Place): number {
    let size = 1;
    for (const node of nodes) size += node.size;
    if (size <= mostNodes) return size;
    const message = `what its aliases mean grows to more than ${mostNodes} values`;
    throw new Unbuildable('too-large', message, place);
  }
}

function readScalar(value: unknown): ScalarNode['value'] {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : String(value);
}
