import type { Value } from '../model.js';
import type { Resources } from '../resource.js';
import { printable } from '../terminal.js';
import type { Findings, Found, Remark } from './finding.js';
import type { Group } from './groups.js';

/** An assertion that did not pass on a target. */
export interface Failing {
  readonly target: string;
  readonly resource: string;
  /** In its canonical form. */
  readonly subject: string;
  readonly path: readonly string[];
}

/** A subject as the resource type itself names it. */
export function canonical(resource: string, subject: string, resources: Resources): string {
  return resources.get(resource)?.subject.normalize?.(subject) ?? subject;
}

/** Takes out what did not pass, and says so. */
export function dropFailing(findings: Findings, failing: readonly Failing[], resources: Resources): Findings {
  const dropped: { group: Group; name: string }[] = [];
  const entries = findings.entries.flatMap((entry): Found[] => {
    const subject = canonical(entry.resource, entry.subject, resources);
    const paths = failing
      .filter((one) => one.resource === entry.resource && one.subject === subject)
      .map(({ path }) => path);
    let expects = entry.expects;
    for (const path of paths) {
      expects = without(expects, path);
      dropped.push({ group: entry.group, name: [entry.subject, path.join('.')].filter(Boolean).join(' ') });
    }
    return Object.keys(expects).length > 0 ? [{ ...entry, expects }] : [];
  });
  const remarks = [...new Set(dropped.map(({ group }) => group))].map(
    (group): Remark => ({
      group,
      text: 'Did not hold a moment later, so left out',
      about: [...new Set(dropped.filter((one) => one.group === group).map(({ name }) => name))].sort(),
    }),
  );
  return { entries, remarks: [...findings.remarks, ...remarks] };
}

/** A mapping that is empty then goes too. */
function without(fields: Found['expects'], [name = '', ...rest]: readonly string[]): Found['expects'] {
  const inner = fields[name];
  const others = Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
  if (rest.length === 0 || !isMapping(inner) || !(rest[0] !== undefined && rest[0] in inner)) return others;
  const left = without(inner, rest);
  return Object.keys(left).length > 0
    ? Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, key === name ? left : value]))
    : others;
}

function isMapping(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const longestSubject = 300;

/**
 * Takes out what cannot be written down safely: names with control characters or newlines, endless ones, and those that
 * the resource type itself would not take.
 */
export function refuseHostile(findings: Findings, resources: Resources): Findings {
  const refused: Found[] = [];
  const entries = findings.entries.filter((entry) => {
    const form = resources.get(entry.resource)?.subject;
    const fits = form?.none === true || form?.pattern?.test(entry.subject) !== false;
    const fine =
      fits && entry.subject.length <= longestSubject && isPlain([entry.subject, entry.expects, entry.params ?? {}]);
    if (!fine) refused.push(entry);
    return fine;
  });
  const remarks = [...new Set(refused.map(({ group }) => group))].map(
    (group): Remark => ({
      group,
      text: 'With characters in them that a spec should not hold, so left out',
      about: refused
        .filter((entry) => entry.group === group)
        .map(({ subject }) => JSON.stringify(printable(subject.slice(0, 60))))
        .sort(),
    }),
  );
  return { entries, remarks: [...findings.remarks, ...remarks] };
}

function isPlain(value: Found['expects'][string] | readonly unknown[]): boolean {
  if (typeof value === 'string') return printable(value) === value;
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, one]) => printable(key) === key && isPlain(one as Value));
}
