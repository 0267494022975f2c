import type { Position } from '../model.js';
import { printable } from '../terminal.js';

/**
 * - `lost`: could not be carried over
 * - `differs`: was carried over, and the verdict may be another one, since Goss is wrong there
 * - `note`: changes no verdict, but a reader of both files would wonder
 */
export type RemarkKind = 'lost' | 'differs' | 'note';

export interface Remark {
  readonly kind: RemarkKind;
  readonly position: Position;
  readonly text: string;
}

const words: { readonly [kind in RemarkKind]: string } = {
  lost: 'not carried over',
  differs: 'the verdict may differ',
  note: 'note',
};

/** Places that are named, where the same is said of many. */
const mostPlaces = 8;

/** One line for each thing that is to be said, in the order of the places; what is the same of several lines is said once. */
export function listRemarks(remarks: readonly Remark[]): readonly string[] {
  const groups = new Map<string, { readonly remark: Remark; readonly lines: Set<number> }>();
  for (const remark of remarks) {
    const key = JSON.stringify([remark.kind, remark.position.file, remark.text]);
    const group = groups.get(key);
    if (group) group.lines.add(remark.position.line);
    else groups.set(key, { remark, lines: new Set([remark.position.line]) });
  }
  return [...groups.values()].map(({ remark: { kind, position, text }, lines }) => {
    const [, ...others] = [...lines].sort((a, b) => a - b);
    const first = Math.min(...lines);
    const place = `${printable(position.file)}:${first}${first === position.line ? `:${position.column}` : ''}`;
    return `${place}: ${words[kind]}: ${printable(text)}${sayOthers(others)}`;
  });
}

function sayOthers(lines: readonly number[]): string {
  if (lines.length === 0) return '';
  const more = lines.length - mostPlaces;
  const named = lines.slice(0, mostPlaces).join(', ');
  return ` (also line${lines.length === 1 ? '' : 's'} ${named}${more > 0 ? ` and ${more} more` : ''})`;
}

/** `12 entries; 2 things were not carried over, 1 may have another verdict` */
export function summarize(entries: number, remarks: readonly Remark[]): string {
  const count = (kind: RemarkKind) => remarks.filter((remark) => remark.kind === kind).length;
  const lost = count('lost');
  const differs = count('differs');
  if (entries === 0) return 'nothing could be carried over: the spec asserts nothing';
  const said = [
    `${entries} ${entries === 1 ? 'entry' : 'entries'}`,
    lost === 0 ? 'all was carried over' : `${lost} ${lost === 1 ? 'thing was' : 'things were'} not carried over`,
    differs > 0 && `at ${differs} ${differs === 1 ? 'place' : 'places'} the verdict may differ`,
  ];
  return said.filter(Boolean).join('; ');
}
