import type { Asserted, Certainty, Range } from '../lint-rule.js';
import type { Matchers } from '../matcher.js';
import type { Entry, Expectation, PropertyExpectation, Value } from '../model.js';
import { nameEntry } from '../plan.js';
import { propertyAt, type Resources, settleTypes } from '../resource.js';
import { writeInline } from '../spec/spec-text.js';
import { hasStandIn } from '../spec/stand-in.js';
import { decide } from './decide.js';

/**
 * Takes entries apart into all that is judged on a target. What a secret decides, and what a spec says of its own values, is
 * left out. Most of a spec is the same few expectations: each is decided once.
 */
export class Assertions {
  private readonly decided = new Map<string, Certainty | undefined>();

  constructor(
    private readonly resources: Resources,
    private readonly matchers: Matchers,
  ) {}

  list(entries: readonly Entry[]): readonly Asserted[] {
    return entries.flatMap((entry) => {
      const resource = this.resources.get(entry.resource);
      if (!resource || entry.options.skip !== undefined || entry.resource === 'matching') return [];
      const settled = settleTypes(resource, entry.params);
      return entry.expectations.flatMap((written): Asserted[] => {
        const { expectation, path, skip } = written;
        const text = JSON.stringify(expectation);
        if (skip !== undefined || hasStandIn(text)) return [];
        const range = propertyAt(settled, path);
        return [{ entry, resource, written, expectation, range, certainty: this.decideOnce(text, expectation, range) }];
      });
    });
  }

  private decideOnce(text: string, expectation: Expectation, range: Range): Certainty | undefined {
    const { type, values, least, words } = range;
    const key = `${type} ${values} ${least} ${words?.join()} ${text}`;
    if (!this.decided.has(key)) this.decided.set(key, decide(expectation, range, this.matchers));
    return this.decided.get(key);
  }
}

/** What is asserted of one and the same thing: equal questions, wherever in the spec they stand. */
export function groupBySubject(asserted: readonly Asserted[]): readonly (readonly Asserted[])[] {
  return groupBy(asserted, ({ entry }) => JSON.stringify([entry.resource, entry.subject, sortParams(entry)]));
}

export function groupByPath(asserted: readonly Asserted[]): readonly (readonly Asserted[])[] {
  return groupBy(asserted, ({ written }) => JSON.stringify(written.path));
}

function groupBy(asserted: readonly Asserted[], keyOf: (one: Asserted) => string): readonly (readonly Asserted[])[] {
  const groups = new Map<string, Asserted[]>();
  for (const one of asserted) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()];
}

function sortParams({ params }: Entry): readonly (readonly [string, Value])[] {
  return Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `unit nginx.service` */
export function showEntry(entry: Entry): string {
  return nameEntry({ resource: entry.resource, subject: entry.shownSubject ?? entry.subject });
}

/** `` `headers.content-type` `` */
export function showPath({ path, shownPath }: PropertyExpectation): string {
  return `\`${(shownPath ?? path).join('.')}\``;
}

const longestShown = 60;

/** `` `active: true` ``, `` `restarts: { ge: 5 }` ``; in other words where the value is long or secret. */
export function showAsserted({ written, expectation: { matcher }, range }: Asserted): string {
  const isBare = matcher === 'equal' || matcher === 'consist-of' || matcher === 'have-patterns';
  const value = writeInline(isBare ? written.expected : { [matcher]: written.expected });
  const whole = `${(written.shownPath ?? written.path).join('.')}: ${value}`;
  return range.secret || whole.length > longestShown ? `what is expected of ${showPath(written)}` : `\`${whole}\``;
}

/** `line 4`, or in another file `base.yaml:4`. */
export function showLine({ position }: PropertyExpectation | Entry, from: { readonly file: string }): string {
  return position.file === from.file ? `line ${position.line}` : `${position.file}:${position.line}`;
}
