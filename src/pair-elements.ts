import { equalTo } from './expectation.js';
import type { MatchContext } from './matcher.js';
import type { Expectation, Value, ValueForm } from './model.js';

/** Which expectations found an element of their own, and which elements are left over. */
export interface Pairing {
  /** `unknown`: it would work out if what could not be told held. */
  readonly verdict: 'passed' | 'failed' | 'unknown';
  readonly missing: readonly Expectation[];
  readonly extra: readonly Value[];
}

/**
 * Gives each expectation an element of its own, as many as can be: a greedy pairing could take the only element of a
 * later expectation (`[{ have-prefix: a }, ab]` against `[ab, ac]`).
 */
export function pairElements(
  elements: readonly Value[],
  form: ValueForm,
  expectations: readonly Expectation[],
  context: MatchContext,
): Pairing {
  // Equal strings are interchangeable, so that those may go first, without trying each against each.
  const plain = pairStrings(elements, form, expectations);
  const rows = plain.missing.map((expectation) =>
    plain.extra.map((value) => context.match(value, form, expectation).verdict),
  );
  const sure = pair(rows, plain.extra.length, (verdict) => verdict === 'passed');
  const missing = plain.missing.filter((_, row) => !sure.includes(row));
  const extra = plain.extra.filter((_, column) => sure[column] === undefined);
  const unknown = () => pair(rows, plain.extra.length, (verdict) => verdict === 'passed' || verdict === 'unknown');
  const verdict =
    missing.length === 0
      ? 'passed'
      : rows.flat().includes('unknown') && unknown().filter((row) => row !== undefined).length === rows.length
        ? 'unknown'
        : 'failed';
  return { verdict, missing, extra };
}

/** Takes away the elements that an expectation names by their text. */
function pairStrings(elements: readonly Value[], { type }: ValueForm, expectations: readonly Expectation[]) {
  const open = new Map<string, number[]>();
  for (const [at, element] of elements.entries()) {
    const key = keyOf(element, type);
    const same = key === undefined ? undefined : open.get(key);
    if (same) same.push(at);
    else if (key !== undefined) open.set(key, [at]);
  }
  const taken = new Set<number>();
  const missing = expectations.filter((expectation) => {
    const wanted = equalTo(expectation);
    const key = wanted === undefined ? undefined : keyOf(wanted, type);
    const at = key === undefined ? undefined : open.get(key)?.shift();
    if (at !== undefined) taken.add(at);
    return at === undefined;
  });
  return { missing, extra: elements.filter((_, at) => !taken.has(at)) };
}

/** In JSON the string "1" and the number 1 are two things, in a list of strings one. Versions may be the same in other words. */
function keyOf(value: Value, type: ValueForm['type']): string | undefined {
  if (type === 'version') return undefined;
  if (typeof value === 'string') return type === 'json' ? JSON.stringify(value) : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/**
 * Largest pairing of rows with columns (Kuhn's augmenting paths).
 * @returns for each column the row that has it
 */
function pair<T>(rows: readonly (readonly T[])[], columns: number, fits: (cell: T) => boolean): (number | undefined)[] {
  const owner: (number | undefined)[] = new Array(columns).fill(undefined);
  const find = (row: number, tried: Set<number>): boolean =>
    (rows[row] ?? []).some((cell, column) => {
      if (!fits(cell) || tried.has(column)) return false;
      tried.add(column);
      const other = owner[column];
      if (other !== undefined && !find(other, tried)) return false;
      owner[column] = row;
      return true;
    });
  for (const row of rows.keys()) find(row, new Set());
  return owner;
}
