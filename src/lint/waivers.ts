import type { LintInput } from '../lint-rule.js';
import type { Entry, Waiver } from '../model.js';
import type { Place } from '../spec/node.js';

export interface WaivedEntry {
  readonly waiver: Waiver;
  readonly place: Place;
  /** Until its last day; negative once that is over. */
  readonly days: number;
}

/** The waivers of entries, with the time that they have left; at the names of the entries. */
export function listWaivers(
  entries: readonly Entry[],
  { now, placeOf }: Pick<LintInput, 'now' | 'placeOf'>,
): readonly WaivedEntry[] {
  const today = Date.parse(now.toISOString().slice(0, 10));
  return entries.flatMap(({ options: { waive: waiver }, position }) =>
    waiver ? [{ waiver, place: placeOf(position), days: (Date.parse(waiver.until) - today) / 86_400_000 }] : [],
  );
}
