import type { Value } from '../model.js';
import { type Pair, pairOf, pairsOf, type SpecFile } from '../spec/node.js';
import { writeComment, writeInline, writePair } from '../spec/spec-text.js';
import { isBare } from './bare-sections.js';
import { type Group, groups, headingOf, resourceOf } from './groups.js';
import type { Merged } from './merge.js';
import { writeSection } from './text.js';

interface Edit {
  readonly at: number;
  /** What stands up to here is taken away; nothing, unless told. */
  readonly until?: number;
  readonly text: string;
}

export interface Inserted {
  readonly text: string;
  /** Sections that could not be added to, as they are written in a way that leaves no room. */
  readonly stuck: readonly string[];
}

/**
 * Puts entries, and targets, into a spec by inserting text: all that was there stays as it is, byte for byte. Writing
 * the document anew was ruled out, as it changes quotes, widths and empty lines of others.
 */
export function insertEntries(
  file: SpecFile,
  { entries }: Pick<Merged, 'entries'>,
  targets: { readonly [name: string]: Value },
): Inserted {
  const eol = file.text.includes('\r\n') ? '\r\n' : '\n';
  const stuck: string[] = [];
  const edits: Edit[] = [];
  const fresh: string[][] = [];
  const add = (key: string, rows: readonly Row[], section: () => string[]) => {
    const pair = pairOf(file.root, key);
    const own = pair ? (fillBare(file, pair, rows) ?? insertRows(file, pair, rows)) : insertIntoBraces(file, key, rows);
    if (own) edits.push(...own);
    else if (pair) stuck.push(key);
    else fresh.push(section());
  };
  if (Object.keys(targets).length > 0) {
    const rows = Object.entries(targets).map(([key, value]): Row => ({ key, value }));
    add('targets', rows, () => writePair('targets', targets, 0));
  }
  for (const resource of new Set(groups.map(resourceOf))) {
    const own = entries.filter((entry) => entry.resource === resource);
    if (own.length === 0) continue;
    const rows = own.map(({ group, subject, body }): Row => ({ group, key: subject, value: body }));
    add(resource, rows, () => writeSection(resource, { entries: own, remarks: [] }));
  }
  if (fresh.length > 0) edits.push(appendSections(file, fresh));
  return { text: apply(file.text, edits, eol), stuck };
}

/** A spec may be one mapping in braces (JSON): a new section is one more pair of it. */
function insertIntoBraces(file: SpecFile, key: string, rows: readonly Row[]): Edit[] | undefined {
  const last = pairsOf(file.root).at(-1);
  if (!file.root || !last || file.text[file.root.start] !== '{') return undefined;
  return [{ at: endOf(file, last), text: `, ${writeInline(key)}: ${writeInline(sectionOf(rows))}` }];
}

/** Of a resource type without subjects the only row is the section itself. */
function sectionOf(rows: readonly Row[]): Value {
  const [first] = rows;
  return first?.key === '' ? first.value : Object.fromEntries(rows.map((row) => [row.key, row.value]));
}

interface Row {
  readonly group?: Group;
  readonly key: string;
  readonly value: Value;
}

/** `unit:`, `unit: {} # why`: the nothing goes, the comment stays. @returns undefined where the section is not bare */
function fillBare({ text }: SpecFile, pair: Pair, rows: readonly Row[]): Edit[] | undefined {
  const from = pair.key.end;
  const [line, colon = '', nothing = ''] =
    /^(\s*:)([ \t]*(?:\{[ \t]*\}|~|null)?)[ \t]*(?:#[^\n]*)?\r?(?=\n|$)/i.exec(
      text.slice(from, lineAfter(text, from)),
    ) ?? [];
  if (line === undefined || !isBare(pair)) return undefined;
  const value = sectionOf(rows);
  const first =
    rows[0]?.key === '' ? Object.entries(value ?? {}).map(([key, one]): Row => ({ key, value: one })) : rows;
  const gone = from + colon.length;
  return [
    { at: gone, until: gone + nothing.length, text: '' },
    { at: lineAfter(text, from), text: `${writeRows(first, 2).join('\n')}\n` },
  ];
}

/** Behind the last entry of a section. @returns undefined where the section stands elsewhere, behind an alias */
function insertRows(file: SpecFile, { key, value }: Pair, rows: readonly Row[]): Edit[] | undefined {
  if (value.kind !== 'map' || value.start < key.start) return undefined;
  const own = pairsOf(value).filter((pair) => pair.key.start >= value.start && pair.key.end <= value.end);
  const last = own.at(-1);
  const [first] = own;
  if (!first || !last) return undefined;
  const end = endOf(file, last);
  if (file.text[value.start] === '{') {
    return [{ at: end, text: rows.map((row) => `, ${writeInline(row.key)}: ${writeInline(row.value)}`).join('') }];
  }
  const indent = first.key.start - (file.text.lastIndexOf('\n', first.key.start - 1) + 1);
  return [{ at: afterComments(file.text, end, indent), text: `${writeRows(rows, indent).join('\n')}\n` }];
}

function writeRows(rows: readonly Row[], indent: number): string[] {
  return rows.flatMap(({ group, key, value }, at) => [
    ...(group !== undefined && rows[at - 1]?.group !== group ? writeComment(`${headingOf(group)}.`, indent) : []),
    ...writePair(key, value, indent),
  ]);
}

/** Where a pair ends in the text. The node of an alias stands where its anchor is. */
function endOf({ text }: SpecFile, { key, value }: Pair): number {
  if (value.start >= key.end) return value.end;
  return key.end + (/^\s*:\s*(\*[^\s,\]}]+)?/.exec(text.slice(key.end, key.end + 1000))?.[0].length ?? 0);
}

/** The begin of the line after it, and after the comments that belong to what stands before. */
function afterComments(text: string, from: number, indent: number): number {
  let at = text[from - 1] === '\n' ? from : lineAfter(text, from);
  for (let next = at; next < text.length; ) {
    const end = lineAfter(text, next);
    const line = text.slice(next, end);
    const inner = /^( *)#/.exec(line)?.[1]?.length;
    if (inner !== undefined && inner >= indent && indent > 0) at = end;
    else if (line.trim() !== '') break;
    next = end;
  }
  return at;
}

function lineAfter(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline + 1;
}

/** At the end of the file; of a file with an end mark, behind its last key. */
function appendSections(file: SpecFile, sections: readonly (readonly string[])[]): Edit {
  const { text, root } = file;
  const last = pairsOf(root).at(-1);
  const end = last ? endOf(file, last) : text.length;
  const block = `\n${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
  const marked = /^\.\.\.(\s|$)/m.test(text.slice(end));
  return { at: marked ? afterComments(text, end, 0) : text.length, text: block };
}

function apply(text: string, edits: readonly Edit[], eol: string): string {
  let result = text;
  // From the end, so that places stay right; of two at one place the later one first.
  for (const edit of [...edits].reverse().sort((a, b) => b.at - a.at)) {
    const before = result.slice(0, edit.at);
    const open = /\n$/.test(edit.text) && before !== '' && !before.endsWith('\n');
    result = `${before}${open ? eol : ''}${edit.text.replaceAll('\n', eol)}${result.slice(edit.until ?? edit.at)}`;
  }
  return result;
}
