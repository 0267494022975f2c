import { compileRegexp } from '../pattern.js';
import type { Pair, SpecNode } from '../spec/node.js';
import { type Block, BlockMap, blockMap } from '../spec/yaml-writer.js';
import { AssertsNothing, type Expected, emptyList, matcher, NotCarried, type Site, toBlock } from './site.js';
import { anyMark } from './template-run.js';

/**
 * Goss judges headers as one text, a line `Name: value` each; nixspec has a mapping. What begins with a name is about
 * that header, and one word of the right form about a name.
 */
type Part =
  | { readonly about: 'value'; readonly name: string; readonly expected: Expected }
  | { readonly about: 'names'; readonly expected: Expected };

/** What is expected of headers. @throws NotCarried AssertsNothing */
export function translateHeaders(node: SpecNode, site: Site): BlockMap {
  const parts =
    node.kind === 'list' ? node.items.map((item) => translatePattern(item, site)) : [translateOne(node, site)];
  if (parts.length === 0) throw new AssertsNothing(emptyList);
  const values = new Map<string, Expected[]>();
  const names: Expected[] = [];
  for (const part of parts.flat()) {
    if (part.about === 'names') names.push(part.expected);
    else values.set(part.name, [...(values.get(part.name) ?? []), part.expected]);
  }
  const whole = joinNames(names);
  return new BlockMap([
    ...[...values].map(([key, some]) => ({ key, value: joinValues(some) })),
    ...(whole instanceof BlockMap ? whole.lines : []),
  ]);
}

function joinValues(some: readonly Expected[]): Block {
  const [only] = some;
  return only && some.length === 1 ? toBlock(only) : blockMap([['and', some.map(toBlock)]]);
}

function joinNames(some: readonly Expected[]): Block {
  return some.length === 0 ? [] : joinValues(some);
}

function translateOne(node: SpecNode, site: Site): readonly Part[] {
  if (node.kind !== 'map') throw new NotCarried('Goss compares all headers as one text, which they are not here');
  const [pair, ...more] = node.pairs;
  if (!pair || more.length > 0) throw new NotCarried('Goss wants one matcher here');
  return translateMatcher(pair, site);
}

function translateMatcher({ key, value }: Pair, site: Site): readonly Part[] {
  const name = key.source;
  if (name === 'and' && value.kind === 'list') return value.items.flatMap((item) => translateOne(item, site));
  if ((name === 'have-patterns' || name === 'contain-elements') && value.kind === 'list') {
    return value.items.flatMap((item) =>
      name === 'have-patterns' ? translatePattern(item, site) : translateLine(item, site),
    );
  }
  if (name === 'contain-element') return translateLine(value, site);
  if (name === 'not') return negateParts(translateOne(value, site));
  if (name === 'contain-substring') return [readPart(textOf(value), false, site, value)];
  if (name === 'match-regexp') return [readExpression(textOf(value), '', false)];
  throw new NotCarried(`${name} of all headers as one text: nixspec has them by name`);
}

/** A whole line: a header with exactly this value. */
function translateLine(node: SpecNode, site: Site): readonly Part[] {
  if (node.kind === 'map') return translateOne(node, site);
  const [, name, value] = /^([\w-]+): ?(.*)$/.exec(textOf(node)) ?? [];
  if (name === undefined || value === undefined) throw new NotCarried('no header has such a line');
  tellCase(name, node, site);
  return [
    {
      about: 'value',
      name: name.toLowerCase(),
      expected: isRepeated(name) ? oneOfSeveral(value, '$') : { bare: value },
    },
  ];
}

function translatePattern(node: SpecNode, site: Site): readonly Part[] {
  const written = textOf(node);
  if (written === '') return [];
  const negated = written.startsWith('!');
  const rest = negated ? written.slice(1) : written;
  const [, expression, flags = ''] = /^\/(.*)\/([ims]*)$/.exec(rest) ?? [];
  if (expression !== undefined) return [readExpression(expression, flags, negated)];
  if (/^[\\/!]/.test(rest)) throw new NotCarried('no header begins like that');
  return [readPart(rest, negated, site, node)];
}

function textOf(node: SpecNode): string {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  throw new NotCarried('Goss wants texts for headers');
}

/** Some line contains the text: it begins with a name, or is one. */
function readPart(text: string, negated: boolean, site: Site, node: SpecNode): Part {
  if (text.includes('\n')) throw new NotCarried('several headers in one text: give them one by one');
  const [, name, value] = /^([A-Za-z][\w-]*):(?: (.*)| ?)$/.exec(text) ?? [];
  if (name !== undefined) {
    tellCase(name, node, site);
    if (value === undefined || value === '') return aboutName(name, negated);
    const expected = isRepeated(name) ? oneOfSeveral(value, '') : matcher('have-prefix', value);
    return signed({ about: 'value', name: name.toLowerCase(), expected }, negated);
  }
  if (/^[A-Z][a-z]*(-[A-Za-z]+)+$/.test(text)) return aboutName(text, negated);
  throw new NotCarried(`${JSON.stringify(text)} in any header: nixspec has headers by name`);
}

function aboutName(name: string, negated: boolean): Part {
  return signed({ about: 'names', expected: matcher('have-key', name.toLowerCase()) }, negated);
}

/** An expression for a line that begins with a name: the rest of it is for the value. */
function readExpression(expression: string, flags: string, negated: boolean): Part {
  const [, caseless, name, rest = ''] = /^(\(\?i\))?\^?([A-Za-z][A-Za-z-]*): ?(?:\\s\*)?(.*)$/.exec(expression) ?? [];
  if (name === undefined || /(^|[^\\])\|/.test(rest.replace(/\([^()]*\)/g, ''))) {
    throw new NotCarried('an expression for all headers: nixspec has them by name');
  }
  if (/^(\.[*+]?)?\$?$/.test(rest)) return aboutName(name, negated);
  const wide = rest.startsWith('.*');
  const inner = wide ? rest.slice(2) : rest;
  const start = wide ? '' : isRepeated(name) ? '(?:^|, )' : '^';
  const set = [...new Set((caseless ? 'i' : '') + flags)].join('');
  const text = `${set === '' ? '' : `(?${set})`}${start}${inner}`;
  if (!anyMark.test(text)) checkExpression(text);
  return signed({ about: 'value', name: name.toLowerCase(), expected: matcher('match-regexp', text) }, negated);
}

function checkExpression(text: string): void {
  try {
    compileRegexp(text);
  } catch (error) {
    throw new NotCarried(error instanceof Error ? error.message : String(error));
  }
}

/** What may be sent more than once: here it is then one text, with ", " between. */
function isRepeated(name: string): boolean {
  return /^(set-cookie|link|via|vary|warning|www-authenticate|cache-control|content-security-policy)$/i.test(name);
}

function oneOfSeveral(value: string, end: string): Expected {
  const quoted = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return matcher('match-regexp', `(?:^|, )${quoted}${end === '' ? '' : '(?:$|, )'}`);
}

function signed(part: Part, negated: boolean): Part {
  return negated ? negatePart(part) : part;
}

function negateParts(parts: readonly Part[]): readonly Part[] {
  const [only] = parts;
  if (!only || parts.length > 1) throw new NotCarried('not of several headers: give them one by one');
  return [negatePart(only)];
}

/** To Goss a header that is not there is none with this value, too. */
function negatePart(part: Part): Part {
  if (part.about === 'names') return { about: 'names', expected: matcher('not', toBlock(part.expected)) };
  const there = blockMap([['have-key', part.name]]);
  const other = blockMap([['gjson', blockMap([[part.name, blockMap([['not', toBlock(part.expected)]])]])]]);
  return { about: 'names', expected: matcher('or', [blockMap([['not', there]]), other]) };
}

/** Go writes the names of headers in its own way, and Goss looks for them as they are written. */
function tellCase(name: string, node: SpecNode, site: Site): void {
  const canonical = name
    .toLowerCase()
    .replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
  if (name !== canonical) site.differs(node, `Goss only knows this header as ${canonical}, and does not find ${name}`);
}
