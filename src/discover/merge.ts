import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../model.js';
import type { Findings, Found, Remark } from './finding.js';
import { groups } from './groups.js';

type Fields = { readonly [name: string]: Value };

/** An entry as it will stand in the spec, for all targets. */
export interface SpecEntry {
  readonly group: Found['group'];
  readonly resource: string;
  readonly subject: string;
  /** Parameters, then what is expected, then `only`. */
  readonly body: Fields;
}

export interface Merged {
  readonly entries: readonly SpecEntry[];
  readonly remarks: readonly Remark[];
  /** Where the targets' network questions start from, if the spec is to say so for them. */
  readonly from?: 'target';
}

export interface MergeOptions {
  /** What the targets say of `from`; undefined where they are new, so that it can be chosen. */
  readonly from?: 'runner' | 'target' | 'mixed';
  /** All targets of these entries are new to a spec that has others. */
  readonly onlyThese?: boolean;
}

/**
 * Makes one list of what was found on several targets: what is the same stands once, what differs is `per-target`, what
 * only some have is `only` for them.
 */
export function mergeFindings(found: ReadonlyMap<string, Findings>, options: MergeOptions = {}): Merged {
  const targets = [...found.keys()];
  const rows = new Map<string, Map<string, Found>>();
  for (const [target, { entries }] of found) {
    for (const entry of entries) {
      // Nothing proves that its name leads to this machine.
      if (entry.ways?.length === 0) continue;
      const key = JSON.stringify([entry.resource, entry.subject]);
      const row = rows.get(key) ?? new Map<string, Found>();
      row.set(target, entry);
      rows.set(key, row);
    }
  }
  const merged = [...rows.values()].map((row) => mergeRow(row, targets));
  const inner = merged.every(({ way }) => way?.from !== 'runner') && merged.some(({ way }) => way);
  const from = options.from ?? (inner ? 'target' : 'runner');
  const entries = merged.map(({ entry, way, expects }) =>
    finish(entry, dropDefault(way, from), expects, targets, options),
  );
  return {
    entries: entries.sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group) || inOrder(a.subject, b.subject)),
    remarks: [...mergeRemarks(found), ...merged.flatMap(({ remarks }) => remarks)],
    ...(options.from === undefined && from === 'target' && { from }),
  };
}

interface MergedRow {
  readonly entry: Found & { readonly only: readonly string[] };
  readonly way: Fields | undefined;
  readonly expects: Fields;
  readonly remarks: readonly Remark[];
}

function mergeRow(row: ReadonlyMap<string, Found>, targets: readonly string[]): MergedRow {
  const [first] = row.values();
  if (!first) throw new TypeError('an empty row');
  const way = chooseWay([...row.values()]);
  const shared = way !== 'none';
  const kept = new Map([...row].filter(([, found]) => shared || found === first));
  const about = [...row.keys()].filter((target) => !kept.has(target)).map((target) => `${first.subject} on ${target}`);
  const text = 'Reached in another way there, which one entry cannot say';
  return {
    entry: {
      ...first,
      params: Object.assign({}, ...[...kept.values()].map(({ params }) => params ?? {})) as Fields,
      only: [...kept.keys()],
    },
    way: shared ? way : first.ways?.[0],
    expects: mergeExpects(kept, targets),
    remarks: about.length > 0 ? [{ group: first.group, text, about }] : [],
  };
}

/** The best way that all of them have; undefined where the resource type knows no ways. */
function chooseWay(all: readonly Found[]): Fields | undefined | 'none' {
  const [first, ...others] = all;
  if (!first?.ways) return undefined;
  const way = first.ways.find((one) =>
    others.every(({ ways }) => ways?.some((other) => isDeepStrictEqual(one, other))),
  );
  return way ?? 'none';
}

/** What differs says so for each target; what only some tell is skipped on the others. */
function mergeExpects(row: ReadonlyMap<string, Found>, targets: readonly string[]): Fields {
  const names = [...new Set([...row.values()].flatMap(({ expects }) => Object.keys(expects)))];
  return Object.fromEntries(
    names.map((name) => {
      const told = [...row].flatMap(([target, { expects }]): [string, Value][] => {
        const value = expects[name];
        return value === undefined ? [] : [[target, value]];
      });
      const [[, value = null] = []] = told;
      const same = told.length === row.size && told.every(([, other]) => isDeepStrictEqual(other, value));
      return [name, same || targets.length === 1 ? value : { 'per-target': Object.fromEntries(told) }];
    }),
  );
}

function dropDefault(way: Fields | undefined, from: 'runner' | 'target' | 'mixed'): Fields {
  if (way?.from !== from) return way ?? {};
  const { from: _, ...rest } = way;
  return rest;
}

function finish(
  { group, resource, subject, params, only }: MergedRow['entry'],
  way: Fields,
  expects: Fields,
  targets: readonly string[],
  { onlyThese }: MergeOptions,
): SpecEntry {
  const some = only.length < targets.length || onlyThese === true;
  return { group, resource, subject, body: { ...way, ...params, ...expects, ...(some && { only }) } };
}

/** The same remark about the same things stands once; otherwise it says of which target it speaks. */
function mergeRemarks(found: ReadonlyMap<string, Findings>): Remark[] {
  if (found.size === 1) return [...found.values()].flatMap(({ remarks }) => remarks);
  const told = new Map<string, { remark: Remark; targets: string[] }>();
  for (const [target, { remarks }] of found) {
    for (const remark of remarks) {
      const key = JSON.stringify(remark);
      const row = told.get(key) ?? { remark, targets: [] };
      row.targets.push(target);
      told.set(key, row);
    }
  }
  return [...told.values()].map(({ remark, targets }) =>
    targets.length === found.size ? remark : { ...remark, text: `${targets.join(', ')}: ${remark.text}` },
  );
}

/** As people count: `tcp:80` before `tcp:443`, TCP before UDP. */
function inOrder(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/(\d+)/)) as [string[], string[]];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [one = '', other = ''] = [left[at], right[at]];
    if (one === other) continue;
    const bothNumbers = at % 2 === 1 && one !== '' && other !== '';
    const apart = bothNumbers ? Number(one) - Number(other) : 0;
    return apart || (one < other ? -1 : 1);
  }
  return 0;
}
