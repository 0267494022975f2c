import type { ScalarNode, SpecNode } from '../spec/node.js';
import { translatePattern } from './patterns.js';
import { isOldOctal, readGoScalar } from './scalar.js';
import { AssertsNothing, bare, type Expected, emptyList, matcher, NotCarried, type Site } from './site.js';
import { anyMark } from './template-run.js';

const never = 'in Goss this can never hold';

/** A single value that is expected: Goss converts what it found to the type of this value, and compares. */
export function translateScalar(node: ScalarNode, site: Site): Expected {
  const value = readGoScalar(node);
  if (value === null) throw new NotCarried('no value is given, which Goss refuses');
  if (anyMark.test(node.source)) return translateVariable(node, site);
  if (typeof value === 'string') return translateText(value, node, site);
  if (typeof value === 'number') return translateNumber(value, node, site);
  return translateBoolean(value, site);
}

/** What the variable holds decides how Goss would compare; nixspec goes by the property. */
function translateVariable(node: ScalarNode, site: Site): Expected {
  site.wants(node.source, site.kind);
  return site.kind === 'text' ? matcher('equal', node.source) : bare(node.source);
}

function translateBoolean(value: boolean, { kind }: Site): Expected {
  if (kind === 'boolean' || kind === 'json') return bare(value);
  throw new NotCarried(`Goss compares ${value} with other than true and false: ${never}`);
}

function translateNumber(value: number, node: ScalarNode, site: Site): Expected {
  const plain = String(value) === node.source ? value : node.source;
  const rules: { readonly [kind in Site['kind']]: () => Expected } = {
    boolean: () => {
      throw new NotCarried(`Goss compares a number with true or false: ${never}`);
    },
    number: () => bare(value),
    status: () => bare(value),
    percentage: () => bare(`${value}%`),
    string: () => bare(plain),
    mode: () => bare(modeOf(value, node, site)),
    filetype: () => {
      throw new NotCarried(`a number is no type of file: ${never}`);
    },
    list: () => bare([plain]),
    addresses: () => bare([plain]),
    // `5`, ` 5` and `5.0` are the same to Goss.
    text: () => ({
      all: [
        ['ge', value],
        ['le', value],
      ],
    }),
    json: () => bare(value),
  };
  return rules[site.kind]();
}

/** Goss takes the mode for a decimal number then: 644 is mode 0644, and 0644 in the file is the number 420. */
function modeOf(value: number, node: ScalarNode, site: Site): string {
  const octal = isOldOctal(node.source);
  const digits = octal ? node.source : String(value);
  if (!/^[0-7]{1,5}$/.test(digits)) throw new NotCarried(`${node.source} is no mode: ${never}`);
  if (octal) site.differs(node, `Goss reads ${node.source} without quotes as the number ${value}, and never finds it`);
  return digits.slice(-4).padStart(4, '0');
}

const fileTypes = ['file', 'directory', 'symlink', 'socket', 'pipe', 'character-device', 'block-device'];

function translateText(text: string, node: ScalarNode, site: Site): Expected {
  const rules: { readonly [kind in Site['kind']]: () => Expected } = {
    boolean: () => bare(readWord(text, node, site)),
    number: () => bare(readWhole(text)),
    status: () => bare(readWhole(text)),
    percentage: () => bare(`${readWhole(text)}%`),
    string: () => bare(text),
    mode: () => {
      if (!/^[0-7]{4}$/.test(text)) throw new NotCarried(`a mode has four octal digits: ${never}`);
      return bare(text);
    },
    filetype: () => {
      if (!fileTypes.includes(text)) throw new NotCarried(`there is no type of file ${JSON.stringify(text)}: ${never}`);
      return bare(text);
    },
    list: () => wholeList(text),
    addresses: () => wholeList(text.toLowerCase()),
    text: () => exactText(text),
    json: () => bare(text),
  };
  return rules[site.kind]();
}

/** Goss joins the elements by newlines, and compares that. */
function wholeList(text: string): Expected {
  const lines = text === '' ? [] : text.split('\n');
  return lines.length > 1 ? matcher('equal', lines) : bare(lines);
}

/** In Goss the newline at the end counts; here one that is not asked for does not matter, so that the length is asked too. */
export function exactText(text: string): Expected {
  if (text.endsWith('\n')) return bare(text);
  if (text === '') return matcher('have-len', 0);
  return {
    all: [
      ['equal', text],
      ['have-len', [...text].length],
    ],
  };
}

function readWord(text: string, node: ScalarNode, site: Site): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  if (!/^(yes|no|on|off)$/i.test(text))
    throw new NotCarried(`Goss compares the text ${JSON.stringify(text)}: ${never}`);
  site.differs(node, `Goss takes ${text} for a text here, which is never equal to true or false`);
  return /^(yes|on)$/i.test(text);
}

function readWhole(text: string): number {
  if (String(Number(text)) !== text) throw new NotCarried(`Goss compares the text ${JSON.stringify(text)}: ${never}`);
  return Number(text);
}

/** A list of patterns, for what Goss reads line by line. */
export function translatePatterns(items: readonly SpecNode[], site: Site): Expected {
  if (items.length === 0) throw new AssertsNothing(emptyList);
  // No line that has nothing in it: no line.
  if (items.every((item) => item.kind === 'scalar' && item.source === '!')) return matcher('have-len', 0);
  const patterns = items.flatMap((item) => translateItem(item, site));
  if (patterns.length === 0) throw new AssertsNothing('it asserts nothing, in Goss too');
  return bare(patterns);
}

function translateItem(item: SpecNode, site: Site): string[] {
  if (item.kind !== 'scalar' || item.value === null) {
    throw new NotCarried('Goss refuses all but texts in a list of patterns: use contain-elements or and');
  }
  if (typeof item.value !== 'string')
    site.differs(item, 'Goss refuses what is no text among patterns; put it in quotes');
  const { pattern, differs, note } = translatePattern(item.source);
  if (differs !== undefined) site.differs(item, differs);
  if (note !== undefined) site.note(item, note);
  return pattern === undefined ? [] : [pattern];
}
