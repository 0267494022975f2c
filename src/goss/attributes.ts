import type { Pair, SpecNode } from '../spec/node.js';
import { type Block, type BlockLine, BlockMap, blockMap } from '../spec/yaml-writer.js';
import type { Draft, DraftLines } from './draft.js';
import { durationText, readDelay, readMilliseconds } from './durations.js';
import { translateExpectation } from './expectation.js';
import { acceptedBooleans } from './gate.js';
import type { Attribute, GossType } from './goss-types.js';
import { type GossEntry, hasGap } from './gossfile.js';
import { translateHeaders } from './headers.js';
import { isNothing, isTrueNode } from './scalar.js';
import { NotCarried, toBlock } from './site.js';

/** One resource of Goss at work. */
export interface EntryWork {
  readonly entry: GossEntry;
  readonly type: GossType;
  readonly lines: DraftLines;
  readonly subject: string;
  readonly pairs: readonly Pair[];
}

/** Attributes that are not simply a property: settings, and what becomes something else. */
export type Handlers = { readonly [attribute: string]: (pair: Pair) => void };

/** Why it is skipped, where Goss only says that it is. */
const skipped = 'skipped in the gossfile';

/** Every attribute in its order: judged ones to properties, the others by their handlers. */
export function translateAttributes(work: EntryWork, handlers: Handlers = {}): void {
  const { lines, type, pairs, entry } = work;
  const closed = isClosed(work);
  for (const pair of pairs) {
    const { key, value } = pair;
    const name = key.source;
    lines.attempt(key, value, () => {
      if (hasGap(key) || hasGap(value)) throw new NotCarried('it depends on what the template could not give');
      const attribute = Object.hasOwn(type.attributes, name) ? type.attributes[name] : undefined;
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (isCommon(name, type)) translateCommon(pair, work);
      else if (attribute && isNothing(value)) lines.remark('note', key, `${name} has no value, and asserts nothing`);
      else if (attribute && closed && name !== type.gate && attribute.to !== type.gate) tellClosed(pair, work);
      else if (handler) handler(pair);
      else if (attribute) translateAttribute(pair, attribute, work);
      else throw new NotCarried(`Goss knows no attribute ${name} of ${entry.type}, and refuses the file`);
    });
  }
  tellMissing(work);
}

function isClosed({ type, pairs }: EntryWork): boolean {
  if (type.gate === undefined) return false;
  const gate = pairs.find(({ key }) => key.source === type.gate || type.attributes[key.source]?.to === type.gate);
  const accepted = gate && acceptedBooleans(gate.value);
  return accepted !== undefined && !accepted.includes(true);
}

function tellClosed({ key }: Pair, { lines, type }: EntryWork): void {
  lines.remark('note', key, `${key.source} is left out: Goss does not look at it where ${type.gate} is not true`);
}

function tellMissing({ lines, type, pairs, entry }: EntryWork): void {
  for (const name of type.required) {
    const there = pairs.some(({ key, value }) => {
      return (key.source === name || (name === 'resolvable' && key.source === 'resolveable')) && !isNothing(value);
    });
    if (!there) lines.remark('differs', entry.pair.key, `Goss fails without ${name}`);
  }
}

export function isCommon(name: string, { retries, timeout }: GossType): boolean {
  if (name === 'title' || name === 'meta' || name === 'skip') return true;
  if (name === 'timeout') return timeout !== undefined;
  return retries === true && (name === 'retry_count' || name === 'retry_delay');
}

/** What Goss may say of any resource. */
export function translateCommon({ key, value }: Pair, work: EntryWork): void {
  const { lines } = work;
  const name = key.source;
  if (name === 'title' && value.kind === 'scalar' && !isNothing(value)) lines.add('title', value.source, key);
  if (name === 'meta') translateMeta(key, value, lines);
  if (name === 'skip' && isTrueNode(value)) lines.add('skip', skipped, key);
  if (name === 'timeout') translateTimeout(key, value, work);
  if (name === 'retry_count') translateRetry(key, value, work);
}

const widestMeta = 110;

/** Free data: a comment, but for words that entries can be chosen by. */
function translateMeta(key: SpecNode, value: SpecNode, lines: DraftLines): void {
  const pairs = value.kind === 'map' ? value.pairs : [];
  const words = pairs.filter(({ key: name, value: inner }) => /^tags?$/.test(name.source) && isWords(inner));
  const others = pairs
    .filter((pair) => !words.includes(pair))
    .map((pair) => `${pair.key.source}: ${showMeta(pair.value)}`);
  const line = `meta: { ${others.join(', ')} }`;
  if (others.length > 0)
    for (const said of line.length <= widestMeta ? [line] : ['meta:', ...others.map(indent)]) lines.say(said);
  const tags = words.flatMap(({ value: inner }) => (inner.kind === 'list' ? inner.items : [inner])).map(showMeta);
  if (tags.length > 0) lines.add('tags', tags, key);
}

function indent(text: string): string {
  return `   ${text}`;
}

function isWords(node: SpecNode): boolean {
  return node.kind === 'list' ? node.items.every(({ kind }) => kind === 'scalar') : node.kind === 'scalar';
}

function showMeta(node: SpecNode): string {
  if (node.kind === 'scalar') return node.source.replace(/\s*\n\s*/g, ' ');
  if (node.kind === 'list') return `[${node.items.map(showMeta).join(', ')}]`;
  return `{ ${node.pairs.map(({ key, value }) => `${key.source}: ${showMeta(value)}`).join(', ')} }`;
}

function translateTimeout(key: SpecNode, value: SpecNode, { lines, type }: EntryWork): void {
  const milliseconds = readMilliseconds(value);
  if (milliseconds > 0 && milliseconds !== type.timeout) lines.add('timeout', durationText(milliseconds), key);
}

/** So many further looks, at such distances. */
function translateRetry(key: SpecNode, value: SpecNode, { lines, pairs }: EntryWork): void {
  const count = readMilliseconds(value);
  if (count <= 0) return;
  const written = pairs.find((pair) => pair.key.source === 'retry_delay');
  const delay = written ? readDelay(written.value) : 1000;
  lines.add('within', durationText(count * delay), key);
  if (delay !== 1000) lines.add('every', durationText(Math.max(100, delay)));
}

function translateAttribute({ key, value }: Pair, attribute: Attribute, { lines, entry }: EntryWork): void {
  const block =
    attribute.kind === 'headers'
      ? translateHeaders(value, lines.site('text'))
      : toBlock(translateExpectation(undeprecate(value, key.source), lines.site(attribute.kind)));
  if (entry.type === 'mount') tellMount(key, value, lines);
  lines.add(attribute.to, block, key);
}

/** Numbers in quotes, which Goss still takes for numbers. */
function undeprecate(value: SpecNode, name: string): SpecNode {
  if (!['exit-status', 'uid', 'gid'].includes(name) || value.kind !== 'scalar' || typeof value.value !== 'string') {
    return value;
  }
  if (!/^[-+]?\d+$/.test(value.source)) return value;
  return { ...value, value: Number(value.source), source: String(Number(value.source)) };
}

function tellMount(key: SpecNode & { source?: string }, value: SpecNode, lines: DraftLines): void {
  if (key.source === 'usage') {
    lines.remark('differs', key, 'usage counts what is reserved for root as free; here it is what df shows');
  }
  if (key.source === 'exists' && !(acceptedBooleans(value) ?? [true]).includes(true)) {
    lines.remark('differs', key, 'what is not mounted is an error, so that this never holds; here it does');
  }
}

/** The entry as it is now; what stands twice under one property must all hold. */
export function finishDraft(work: EntryWork, resource = work.type.to): Draft {
  const { lines, subject, entry } = work;
  const trailing = lines.takePending();
  return {
    resource,
    subject,
    id: entry.id,
    position: lines.position,
    lines: mergeLines(lines.lines),
    before: [],
    trailing,
    above: [],
  };
}

function mergeLines(lines: readonly BlockLine[]): readonly BlockLine[] {
  const byKey = new Map<string, BlockLine>();
  for (const line of lines) {
    const first = byKey.get(line.key);
    const before = [...(first?.before ?? []), ...(line.before ?? [])];
    const merged = first ? { ...first, value: joinValues(first.value, line.value) } : line;
    byKey.set(line.key, before.length > 0 ? { ...merged, before } : merged);
  }
  return [...byKey.values()];
}

function joinValues(a: Block, b: Block): Block {
  const [left, right] = [containedIn(a), containedIn(b)];
  if (!left || !right) return blockMap([['and', [a, b]]]);
  const all = [...left, ...right];
  const unique = all.filter((item, at) => all.findIndex((one) => JSON.stringify(one) === JSON.stringify(item)) === at);
  return blockMap([['contain-elements', unique]]);
}

/** What `contain-element` and `contain-elements` want to be there. */
function containedIn(block: Block): readonly Block[] | undefined {
  const [line, ...more] = block instanceof BlockMap ? block.lines : [];
  if (!line || more.length > 0) return undefined;
  if (line.key === 'contain-element') return [line.value];
  return line.key === 'contain-elements' && Array.isArray(line.value) ? line.value : undefined;
}

const options = new Set([
  'title',
  'tags',
  'skip',
  'within',
  'every',
  'timeout',
  'for-each',
  'type',
  'server',
  'content',
]);

/** Something is asserted, not only said. */
export function hasAssertion({ lines }: DraftLines, { settings }: GossType): boolean {
  return lines.some(
    ({ key }) => !options.has(key) && !settings.includes(key) && !['insecure', 'follow-redirects', 'ca'].includes(key),
  );
}
