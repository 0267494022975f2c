import { Document, isCollection, isScalar, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';

/** What is to be written as YAML, in order and with comments. Comments have no `#` and may have several lines. */
export type Block = null | boolean | number | string | readonly Block[] | BlockMap;

export class BlockMap {
  constructor(
    readonly lines: readonly BlockLine[],
    /** Comments at its end. */
    readonly trailing: readonly string[] = [],
  ) {}
}

export interface BlockLine {
  readonly key: string;
  readonly value: Block;
  /** Comments above it. */
  readonly before?: readonly string[];
  /** A comment behind it. */
  readonly behind?: string;
  /** An empty line above it. */
  readonly space?: boolean;
}

/** A mapping of plain lines. */
export function blockMap(lines: Readonly<Record<string, Block>> | readonly (readonly [string, Block])[]): BlockMap {
  const pairs = Array.isArray(lines) ? (lines as readonly (readonly [string, Block])[]) : Object.entries(lines);
  return new BlockMap(pairs.map(([key, value]) => ({ key, value })));
}

/** Columns that a mapping or list in braces or brackets may take. */
const widestFlow = 84;

/**
 * Writes a YAML document. What is short and has no comments stands in braces and brackets, as one writes specs.
 * @param header comments at the top
 */
export function writeYaml(root: BlockMap, header: readonly string[] = []): string {
  const document = new Document();
  document.contents = makeMap(root, 0) as unknown as typeof document.contents;
  if (header.length > 0) document.commentBefore = header.map(commentText).join('\n');
  return `${document.toString({ lineWidth: 0 }).trimEnd()}\n`;
}

function commentText(comment: string): string {
  return comment
    .split('\n')
    .map((line) => (line === '' || line.startsWith(' ') ? line : ` ${line}`))
    .join('\n');
}

function makeNode(value: Block, depth: number): unknown {
  if (value instanceof BlockMap) return makeMap(value, depth);
  if (Array.isArray(value)) return makeSeq(value, depth);
  const scalar = new Scalar(value);
  if (typeof value === 'string' && value.includes('\n') && depth > 0) scalar.type = blockType(value);
  return scalar;
}

/** Text of several lines is read best as it is, where YAML can hold it so. */
function blockType(value: string): 'BLOCK_LITERAL' | 'QUOTE_DOUBLE' {
  const plain = /^[^\s][\t\n\x20-\x7e\u00a0-\uffff]*$/.test(value) && !/[ \t]\n|\n\n$|[ \t]$/.test(value);
  return plain && value.trimEnd() !== '' ? 'BLOCK_LITERAL' : 'QUOTE_DOUBLE';
}

/** `[a, b]` beside `{ a: b }`: the library has one setting for both. */
class TightSeq extends YAMLSeq {
  override toString(...[context, ...rest]: Parameters<YAMLSeq['toString']>): string {
    return super.toString(context && { ...context, flowCollectionPadding: '' }, ...rest);
  }
}

class WideMap extends YAMLMap {
  override toString(...[context, ...rest]: Parameters<YAMLMap['toString']>): string {
    return super.toString(context && { ...context, flowCollectionPadding: ' ' }, ...rest);
  }
}

function makeSeq(items: readonly Block[], depth: number): YAMLSeq {
  const seq = new TightSeq();
  seq.items = items.map((item) => makeNode(item, depth + 1));
  if (fitsInLine(items)) makeFlow(seq);
  return seq;
}

function makeMap(map: BlockMap, depth: number): YAMLMap {
  const node = new WideMap();
  node.items = map.lines.map((line) => makePair(line, depth));
  if (map.trailing.length > 0) node.comment = map.trailing.map(commentText).join('\n');
  // Down to the subjects each has a line of its own.
  if (depth >= 2 && fitsInLine(map)) makeFlow(node);
  return node;
}

function makePair({ key, value, before = [], behind, space }: BlockLine, depth: number): Pair {
  const name = new Scalar(key);
  const node = makeNode(value, depth + 1);
  if (before.length > 0) name.commentBefore = before.map(commentText).join('\n');
  if (space) name.spaceBefore = true;
  if (behind !== undefined) {
    const inLine = isScalar(node) || (isCollection(node) && node.flow === true);
    if (inLine && !(isScalar(node) && node.type === 'BLOCK_LITERAL')) (node as Scalar).comment = commentText(behind);
    else name.commentBefore = [name.commentBefore, commentText(behind)].filter((text) => text != null).join('\n');
  }
  return new Pair(name, node);
}

/** The library takes what is inside of braces for braces too. */
function makeFlow(node: YAMLMap | YAMLSeq): void {
  node.flow = true;
  for (const item of node.items) {
    const value = item instanceof Pair ? item.value : item;
    if (isScalar(value) && value.type === 'BLOCK_LITERAL') value.type = 'QUOTE_DOUBLE';
    if (isCollection(value)) makeFlow(value as YAMLMap | YAMLSeq);
  }
}

function fitsInLine(value: Block): boolean {
  return isPlain(value) && widthOf(value) <= widestFlow;
}

function isPlain(value: Block): boolean {
  if (typeof value === 'string') return !value.includes('\n') || value.length < 30;
  if (Array.isArray(value)) return value.every(isPlain);
  if (!(value instanceof BlockMap)) return true;
  return (
    value.trailing.length === 0 &&
    value.lines.every((line) => (line.before ?? []).length === 0 && line.behind === undefined && isPlain(line.value))
  );
}

function widthOf(value: Block): number {
  if (Array.isArray(value)) return value.reduce<number>((width, item) => width + widthOf(item) + 2, 2);
  if (value instanceof BlockMap) {
    return value.lines.reduce((width, line) => width + line.key.length + widthOf(line.value) + 4, 2);
  }
  return typeof value === 'string' ? JSON.stringify(value).length : String(value).length;
}
