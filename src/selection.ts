import { NixspecError } from './error.js';
import type { Entry } from './model.js';
import { nameEntry } from './plan.js';
import { suggest } from './spec/mistake.js';

/** The entries with one of the tags, and those that they need. All, where there are no tags. Pure. */
export function selectEntries(entries: readonly Entry[], tags: readonly string[]): readonly Entry[] {
  if (tags.length === 0) return entries;
  const chosen = new Set(entries.filter(({ options }) => tags.some((tag) => options.tags.includes(tag))));
  // A set hands out what is added while it is walked.
  for (const { needs = [] } of chosen) {
    for (const entry of entries) if (needs.includes(nameEntry(entry))) chosen.add(entry);
  }
  return entries.filter((entry) => chosen.has(entry));
}

/**
 * A tag that no entry has is a slip: nothing would be looked at, and nothing would be wrong.
 * @param entries of all targets of the command
 */
export function refuseUnknownTags(entries: readonly Entry[], tags: readonly string[]): void {
  const known = [...new Set(entries.flatMap(({ options }) => options.tags))].sort();
  const unknown = tags.find((tag) => !known.includes(tag));
  if (unknown === undefined) return;
  throw new NixspecError('usage', `no entry for these targets has the tag "${unknown}"`, {
    operation: 'choose entries',
    hint: suggest(unknown, known, 'tags are') ?? 'no entry has any tag',
  });
}
