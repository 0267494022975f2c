import { parsePath } from '../gjson-path.js';
import { compileRegexp } from '../pattern.js';
import type { Pair, SpecNode } from '../spec/node.js';
import { type Block, blockMap } from '../spec/yaml-writer.js';
import { exactText, translatePatterns, translateScalar } from './literals.js';
import { readGoScalar } from './scalar.js';
import {
  AssertsNothing,
  allOf,
  bare,
  blockOf,
  type Expected,
  emptyList,
  matcher,
  NotCarried,
  negate,
  type Site,
  toBlock,
} from './site.js';
import { anyMark } from './template-run.js';

/**
 * What Goss expects of a value, as nixspec says it. @throws NotCarried AssertsNothing
 * @param top right under the attribute, where a list of a text is one of patterns
 */
export function translateExpectation(node: SpecNode, site: Site, top = true): Expected {
  if (node.kind === 'scalar') return translateScalar(node, site);
  if (node.kind === 'list') return translateList(node.items, node, site, top);
  const [pair, ...more] = node.pairs;
  if (!pair) throw new NotCarried('no matcher is given, on which Goss breaks down');
  if (more.length > 0) site.differs(node, 'Goss refuses two matchers in one mapping: put them under and, in a list');
  return allOf(node.pairs.map((one) => translateMatcher(one, site, top)));
}

function translateList(items: readonly SpecNode[], node: SpecNode, site: Site, top: boolean): Expected {
  const { kind } = site;
  if (kind === 'text') {
    if (!top) site.differs(node, 'Goss refuses a list of patterns inside of other matchers: use have-patterns');
    const patterns = translatePatterns(items, site);
    return top ? patterns : matcher('have-patterns', toBlock(patterns));
  }
  if (kind === 'list' || kind === 'addresses' || kind === 'json') return contain(items, site);
  throw new NotCarried('Goss looks for elements in what is no list: that can never hold');
}

/** Each of these, others may be there too. */
function contain(items: readonly SpecNode[], site: Site): Expected {
  if (items.length === 0) throw new AssertsNothing(emptyList);
  const elements = items.map((item) => translateElement(item, site));
  const [only] = elements;
  return only !== undefined && elements.length === 1
    ? matcher('contain-element', only)
    : matcher('contain-elements', elements);
}

/** An element of a list, or a line of a text. */
function translateElement(item: SpecNode, site: Site): Block {
  if (site.kind === 'text' && item.kind === 'scalar' && typeof item.value === 'number') {
    const value = readGoScalar(item) as number;
    return blockMap({ ge: value, le: value });
  }
  const inner: Site = { ...site, kind: site.kind === 'json' ? 'json' : 'string' };
  const written = site.kind === 'addresses' ? lowerCase(item) : item;
  return toBlock(translateExpectation(written, inner, false));
}

/** Goss shows IPv6 addresses in upper case. */
function lowerCase(node: SpecNode): SpecNode {
  if (node.kind === 'list') return { ...node, items: node.items.map(lowerCase) };
  if (node.kind === 'scalar') {
    return typeof node.value === 'string' && !anyMark.test(node.source)
      ? { ...node, value: node.value.toLowerCase(), source: node.source.toLowerCase() }
      : node;
  }
  return { ...node, pairs: node.pairs.map(lowerCasePair) };
}

function lowerCasePair({ key, value }: Pair): Pair {
  if (key.source !== 'match-regexp' || value.kind !== 'scalar') return { key, value: lowerCase(value) };
  const expression = `(?i)${value.source}`;
  return { key, value: { ...value, value: expression, source: expression } };
}

type Rule = (value: SpecNode, site: Site, top: boolean) => Expected;

/** Each matcher of Goss. */
const rules: { readonly [matcher: string]: Rule } = {
  equal: translateEqual,
  'have-prefix': (value, site) => aboutText('have-prefix', value, site),
  'have-suffix': (value, site) => aboutText('have-suffix', value, site),
  'contain-substring': (value, site) => aboutText('contain-substring', value, site),
  'match-regexp': translateRegexp,
  gt: (value, site) => compare('gt', value, site),
  ge: (value, site) => compare('ge', value, site),
  lt: (value, site) => compare('lt', value, site),
  le: (value, site) => compare('le', value, site),
  'have-len': translateLength,
  'have-key': translateKey,
  'have-patterns': translateHavePatterns,
  'contain-element': translateContainElement,
  'contain-elements': translateContainElements,
  'consist-of': translateConsistOf,
  not: (value, site) => negate(translateExpectation(value, site, false)),
  and: translateAnd,
  or: (value, site) =>
    matcher(
      'or',
      listOf(value, 'or').map((item) => toBlock(translateExpectation(item, site, false))),
    ),
  'semver-constraint': translateSemver,
  gjson: translateGjson,
};

function translateMatcher({ key, value }: Pair, site: Site, top: boolean): Expected {
  const rule = Object.hasOwn(rules, key.source) ? rules[key.source] : undefined;
  if (rule) return rule(value, site, top);
  if (key.source === 'xml') throw new NotCarried('there is no matcher xml: parse it by a command');
  throw new NotCarried(`Goss knows no matcher ${JSON.stringify(key.source)}`);
}

function listOf(node: SpecNode, name: string): readonly SpecNode[] {
  if (node.kind !== 'list') throw new NotCarried(`${name} wants a list, which this is not`);
  if (node.items.length > 0) return node.items;
  if (name === 'or') throw new NotCarried('or of nothing never holds');
  throw new AssertsNothing(`${name} of nothing asserts nothing, in Goss too`);
}

/** `and` of a mapping is in Goss's own examples, and refused by it. */
function translateAnd(value: SpecNode, site: Site): Expected {
  if (value.kind === 'map' && value.pairs.length > 0) {
    site.differs(value, 'Goss refuses and with a mapping: it wants a list');
    return allOf(value.pairs.map((pair) => translateMatcher(pair, site, false)));
  }
  return allOf(listOf(value, 'and').map((item) => translateExpectation(item, site, false)));
}

/** No conversion at all: a list of a YAML file is never equal to one of the system. */
function translateEqual(value: SpecNode, site: Site): Expected {
  const { kind, isJson, isOwn } = site;
  if (kind === 'json') return equalJson(value, site);
  if (kind === 'list' || kind === 'addresses') {
    if (!isOwn) site.differs(value, 'in Goss equal never holds for a list of the system: use consist-of');
    return matcher('equal', blockOf(value));
  }
  if (value.kind !== 'scalar') throw new NotCarried('in Goss equal never holds for it');
  if (anyMark.test(value.source)) return translateScalar(value, site);
  const read = readGoScalar(value);
  const wanted = ['number', 'status', 'percentage'].includes(kind)
    ? 'number'
    : kind === 'boolean'
      ? 'boolean'
      : 'string';
  if (typeof read !== wanted) throw new NotCarried('in Goss equal never holds for another type');
  if (wanted === 'number' && isJson && !isOwn)
    site.differs(value, 'in Goss equal never holds for numbers of a JSON file');
  return kind === 'text' ? exactText(String(read)) : translateScalar(value, site);
}

function equalJson(value: SpecNode, { isJson, isOwn, differs }: Site): Expected {
  if (!isJson && !isOwn && hasNumber(value)) differs(value, 'in Goss equal never holds for numbers in JSON');
  return value.kind === 'scalar' ? bare(value.value) : matcher('equal', blockOf(value));
}

function hasNumber(node: SpecNode): boolean {
  if (node.kind === 'scalar') return typeof node.value === 'number';
  return node.kind === 'list' ? node.items.some(hasNumber) : node.pairs.some(({ value }) => hasNumber(value));
}

function textOf(node: SpecNode, name: string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  throw new NotCarried(`Goss wants a text after ${name}`);
}

function aboutText(name: 'have-prefix' | 'have-suffix' | 'contain-substring', value: SpecNode, site: Site): Expected {
  const text = textOf(value, name);
  if (text === '') throw new AssertsNothing(`${name} of nothing asserts nothing, in Goss too`);
  const { kind } = site;
  if (kind === 'list' || kind === 'addresses') {
    if (name !== 'contain-substring') tellJoined(value, site, name);
    return matcher('contain-element', blockMap([[name, kind === 'addresses' ? text.toLowerCase() : text]]));
  }
  if (kind === 'status') return statusesLike((status) => holds[name](status, text));
  checkText(site, name);
  const plain = matcher(name, text);
  // Here a newline at the end is not needed, in Goss it is in the way.
  const strict = kind === 'text' && name === 'have-suffix' && !text.endsWith('\n');
  return strict ? allOf([plain, matcher('not', blockMap([['have-suffix', '\n']]))]) : plain;
}

const holds = {
  'have-prefix': (status: string, text: string) => status.startsWith(text),
  'have-suffix': (status: string, text: string) => status.endsWith(text),
  'contain-substring': (status: string, text: string) => status.includes(text),
};

/** Numbers have no text to look at, but there are few status codes: those that would do, as ranges. */
function statusesLike(test: (status: string) => boolean): Expected {
  const ranges: [number, number][] = [];
  for (let status = 100; status < 600; status += 1) {
    const last = ranges.at(-1);
    if (!test(String(status))) continue;
    if (last && last[1] === status - 1) last[1] = status;
    else ranges.push([status, status]);
  }
  if (ranges.length === 0 || ranges.length > mostRanges) throw new NotCarried('it means no range of status codes');
  const parts = ranges.map(([from, to]) =>
    from === to ? bare(from) : { all: [['ge', from] as const, ['le', to] as const] },
  );
  const [only] = parts;
  return only && parts.length === 1 ? only : matcher('or', parts.map(toBlock));
}

const mostRanges = 10;

function tellJoined(value: SpecNode, site: Site, name: string): void {
  site.differs(value, `Goss looks at all elements in one text, so that ${name} means the first or last; here any`);
}

function checkText({ kind }: Site, name: string): void {
  if (['string', 'text', 'mode', 'json', 'filetype'].includes(kind)) return;
  throw new NotCarried(`${name} of what is no text cannot be said`);
}

function translateRegexp(value: SpecNode, site: Site): Expected {
  const expression = textOf(value, 'match-regexp');
  if (expression === '') throw new AssertsNothing('an empty expression asserts nothing, in Goss too');
  try {
    if (!anyMark.test(expression)) compileRegexp(expression);
  } catch (error) {
    throw new NotCarried(error instanceof Error ? error.message : String(error));
  }
  const { kind } = site;
  if (kind === 'status' && !anyMark.test(expression)) {
    const regexp = compileRegexp(expression);
    return statusesLike((status) => regexp.test(status));
  }
  if (kind === 'number') return numbersOf(expression);
  if (kind === 'list' || kind === 'addresses') {
    if (/[$^]|\\[AzsSWD]|\[\^|\(\?/.test(expression)) tellJoined(value, site, 'match-regexp');
    return matcher(
      'contain-element',
      blockMap([['match-regexp', kind === 'addresses' ? `(?i)${expression}` : expression]]),
    );
  }
  checkText(site, 'match-regexp');
  if (kind === 'text' && !site.isOwn && endsAnchored(expression)) {
    site.differs(value, 'in Goss $ is behind the newline at the end; here it may stand before it too');
  }
  return matcher('match-regexp', expression);
}

/** `$` or `\z` for the very end, where a newline before it is not asked for. */
function endsAnchored(expression: string): boolean {
  if (/\(\?[a-z]*m/.test(expression)) return false;
  const bare = expression.replace(/\\n\$|\\s[*+]?\$/g, '').replace(/\\[^z]/g, '');
  return /\$|\\z/.test(bare);
}

/** `^(24|25)$`: numbers have no text to match. */
function numbersOf(expression: string): Expected {
  const inside = /^\^\(?(?:\?:)?([0-9|]+)\)?\$$/.exec(expression)?.[1];
  const numbers = inside?.split('|').map(Number) ?? [];
  const [only] = numbers;
  const bracketed = numbers.length < 2 || expression.includes('(');
  if (only === undefined || !bracketed || numbers.includes(Number.NaN)) {
    throw new NotCarried('match-regexp of a number cannot be said: use ge, le and or');
  }
  return numbers.length === 1 ? bare(only) : matcher('or', numbers);
}

function compare(name: string, value: SpecNode, site: Site): Expected {
  const { kind } = site;
  if (value.kind !== 'scalar') throw new NotCarried(`Goss wants a number after ${name}`);
  const hole = anyMark.test(value.source);
  const limit = hole ? value.source : readGoScalar(value);
  if (hole) site.wants(value.source, 'number');
  else if (typeof limit !== 'number') throw new NotCarried(`Goss wants a number after ${name}`);
  if (kind === 'list' || kind === 'addresses') {
    site.differs(value, 'Goss takes a list for a number if it has one element; here any element may be it');
    return matcher('contain-element', blockMap([[name, limit]]));
  }
  if (kind === 'boolean' || kind === 'mode' || kind === 'filetype') {
    throw new NotCarried(`${name} of what is no number cannot be said`);
  }
  if (kind === 'json') site.note(value, 'Goss takes "15" for 15 here; in JSON nixspec does not');
  return matcher(name, kind === 'percentage' && !hole ? `${limit}%` : limit);
}

function translateLength(value: SpecNode, site: Site): Expected {
  const read = value.kind === 'scalar' ? readGoScalar(value) : undefined;
  if (typeof read !== 'number') throw new NotCarried('Goss wants a number after have-len');
  if (!['list', 'addresses', 'text', 'string', 'json'].includes(site.kind)) {
    throw new NotCarried('what is no text and no list has no length');
  }
  if (site.kind === 'text') site.differs(value, 'Goss counts bytes, nixspec characters: other than ASCII they differ');
  return matcher('have-len', Math.trunc(read));
}

function translateKey(value: SpecNode, site: Site): Expected {
  if (site.kind !== 'json') throw new NotCarried('have-key of what has no keys: Goss gives an error');
  return matcher('have-key', toBlock(translateExpectation(value, { ...site, kind: 'string' }, false)));
}

function translateHavePatterns(value: SpecNode, site: Site, top: boolean): Expected {
  if (value.kind !== 'list') throw new NotCarried('Goss wants a list after have-patterns');
  if (!['text', 'string', 'list', 'json'].includes(site.kind)) throw new NotCarried('have-patterns wants a text');
  const patterns = translatePatterns(value.items, site);
  return top && site.kind === 'text' ? patterns : matcher('have-patterns', toBlock(patterns));
}

function translateContainElement(value: SpecNode, site: Site): Expected {
  if (value.kind === 'list' || (value.kind === 'scalar' && typeof value.value === 'boolean')) {
    throw new NotCarried('Goss refuses lists, true and false after contain-element');
  }
  if (['string', 'mode', 'filetype'].includes(site.kind)) return translateExpectation(value, site, false);
  checkElements(site, 'contain-element');
  return matcher('contain-element', translateElement(value, site));
}

function translateContainElements(value: SpecNode, site: Site): Expected {
  const items = listOf(value, 'contain-elements');
  const [only] = items;
  if (only && items.length === 1 && ['string', 'mode', 'filetype'].includes(site.kind)) {
    return translateExpectation(only, site, false);
  }
  checkElements(site, 'contain-elements');
  return contain(items, site);
}

function checkElements({ kind }: Site, name: string): void {
  if (['list', 'addresses', 'text', 'json'].includes(kind)) return;
  throw new NotCarried(`${name} of what has no elements: in Goss that can never hold`);
}

function translateConsistOf(value: SpecNode, site: Site): Expected {
  if (value.kind !== 'list') throw new NotCarried('Goss wants a list after consist-of');
  if (site.kind === 'text') throw new NotCarried('Goss refuses consist-of of a text: use contain-elements');
  checkElements(site, 'consist-of');
  const elements = value.items.map((item) => translateElement(item, site));
  return site.kind === 'json' ? matcher('consist-of', elements) : bare(elements);
}

function translateSemver(value: SpecNode, site: Site): Expected {
  const range = textOf(value, 'semver-constraint');
  if (!['string', 'text', 'list', 'json'].includes(site.kind)) throw new NotCarried('only texts are versions');
  if (/[\^~]|\s-\s/.test(range)) throw new NotCarried('Goss knows no ^, ~ and - in a range: it never holds');
  site.note(value, 'Goss takes full versions only (1.24.0); nixspec also 1.24');
  if (site.kind === 'text' && !site.isOwn) site.differs(value, 'Goss takes no version with a newline behind it');
  return matcher('semver-constraint', range);
}

function translateGjson(value: SpecNode, site: Site): Expected {
  if (!['text', 'string', 'json'].includes(site.kind)) throw new NotCarried('gjson wants a text of JSON');
  if (value.kind !== 'map') throw new NotCarried('Goss wants a mapping after gjson');
  if (value.pairs.length === 0) throw new AssertsNothing('gjson of nothing asserts nothing, in Goss too');
  return matcher('gjson', blockMap(value.pairs.map((pair) => translatePath(pair, site))));
}

function translatePath({ key, value }: Pair, site: Site): readonly [string, Block] {
  try {
    parsePath(key.source);
  } catch (error) {
    throw new NotCarried(`the path ${key.source}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { isOwn: _own, ...outer } = site;
  const inner: Site = { ...outer, kind: 'json' };
  return [key.source, toBlock(widen(translateExpectation(value, inner, false), value, inner))];
}

/** Goss compares the texts of what it found: "15" is equal to the number 15, too. */
function widen(expected: Expected, node: SpecNode, site: Site): Expected {
  if (!('bare' in expected) || node.kind !== 'scalar') return expected;
  const { value } = node;
  if (typeof value === 'number') site.note(node, 'Goss takes "15" for 15 here; in JSON nixspec does not');
  if (typeof value !== 'string') return expected;
  if (value === 'true' || value === 'false') return matcher('or', [value, value === 'true']);
  const number = Number(value);
  return value !== '' && String(number) === value ? matcher('or', [value, number]) : expected;
}
