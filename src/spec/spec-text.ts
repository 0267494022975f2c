import { stringify } from 'yaml';
import type { Value } from '../model.js';

/** Columns that a line of a written spec may take. */
const width = 120;

/**
 * A key and its value as lines of YAML: on one line where it fits, else as a block. A `${` in it is text, as all of it
 * comes from somewhere else than a spec.
 */
export function writePair(key: string, value: Value, indent: number): string[] {
  const pad = ' '.repeat(indent);
  const line = `${pad}${writeInline(key)}: ${writeInline(value)}`;
  if (line.length <= width || value === null || typeof value !== 'object') return [line];
  if (Array.isArray(value)) return [`${pad}${writeInline(key)}:`, ...fillLines(value.map(writeInline), indent + 2)];
  return [`${pad}${writeInline(key)}:`, ...writeBlock(value as Mapping, indent + 2)];
}

type Mapping = { readonly [key: string]: Value };

/** The pairs of a mapping, each on lines of its own. */
export function writeBlock(pairs: Mapping, indent: number): string[] {
  return Object.entries(pairs).flatMap(([key, value]) => writePair(key, value, indent));
}

/** A long list in brackets, over as many lines as it takes. */
function fillLines(items: readonly string[], indent: number): string[] {
  const lines = [`${' '.repeat(indent)}[`];
  for (const [at, item] of items.entries()) {
    const word = at === items.length - 1 ? `${item}]` : `${item},`;
    const last = lines.at(-1) ?? '';
    const space = last.endsWith('[') ? '' : ' ';
    if (last.length + word.length + 1 > width && space !== '') lines.push(`${' '.repeat(indent + 1)}${word}`);
    else lines.push(`${lines.pop()}${space}${word}`);
  }
  return lines;
}

/** YAML on one line: `{ active: true, wanted-by: [multi-user.target] }`. */
export function writeInline(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(writeInline).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const pairs = Object.entries(value).map(([key, one]) => `${writeInline(key)}: ${writeInline(one)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  const plain = typeof value === 'string' ? value.replace(/\$\{/g, (text) => `$${text}`) : value;
  // Inside a list the library quotes whatever could be taken for something else anywhere.
  const text = stringify([plain], { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false });
  return text.trim().slice(1, -1);
}

/** Text as lines of a comment, perhaps as an item of a list. Whatever is in it, it stays within the comment. */
export function writeComment(text: string, indent: number, bullet = ''): string[] {
  const pad = `${' '.repeat(indent)}# `;
  const room = width - pad.length - bullet.length;
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < room) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return lines.map((line, at) => `${pad}${at === 0 ? bullet : ' '.repeat(bullet.length)}${line}`);
}
