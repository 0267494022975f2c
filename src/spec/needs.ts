import type { Entry } from '../model.js';
import { nameEntry } from '../plan.js';
import type { Resources } from '../resource.js';
import { mistakeAt, type Report, suggest } from './mistake.js';
import type { ScalarNode } from './node.js';

/**
 * What the entries of a spec need of each other, as written. It is put together when all are known: an entry may need one
 * that stands below it.
 */
export class Needs {
  private readonly written = new Map<Entry, readonly ScalarNode[]>();
  private readonly elsewhere = new Set<string>();

  constructor(
    private readonly resources: Resources,
    private readonly report: Report,
  ) {}

  /** @param references one for each entry that is needed: `unit nginx`, or a title */
  note(entry: Entry, references: readonly ScalarNode[]): void {
    this.written.set(entry, references);
  }

  /** An entry that is not for this target: it can be needed, and then what needs it is not looked at. */
  noteElsewhere(resource: string, subject: string): void {
    this.elsewhere.add(nameEntry({ resource, subject }));
  }

  /** The entries, with the names of those they need. Mistakes are told. */
  link(entries: readonly Entry[]): readonly Entry[] {
    if (this.written.size === 0) return entries;
    const named = groupBy(entries, nameEntry);
    const titled = groupBy(entries, ({ options }) => options.title ?? '');
    const linked = entries.map((entry) => {
      const references = this.written.get(entry);
      if (!references) return entry;
      return { ...entry, needs: [...new Set(references.flatMap((one) => this.find(one, named, titled)))] };
    });
    this.tellCycles(entries, linked);
    return linked;
  }

  private find(reference: ScalarNode, named: Groups, titled: Groups): readonly string[] {
    const name = this.normalize(reference.source);
    if (named.has(name) || this.elsewhere.has(name)) return [name];
    const byTitle = titled.get(reference.source);
    if (byTitle) return byTitle.map(nameEntry);
    const names = [...named.keys(), ...[...titled.keys()].filter(Boolean)];
    const hint =
      suggest(name, names, 'entries are') ?? 'an entry is named by its resource type and subject: `unit nginx`';
    const message = `there is no entry ${JSON.stringify(name.slice(0, 100))}`;
    this.report(mistakeAt('bad-needs', message, reference, hint));
    return [];
  }

  private normalize(reference: string): string {
    const [resource = '', ...words] = reference.split(' ');
    const subject = words.join(' ');
    return nameEntry({ resource, subject: this.resources.get(resource)?.subject.normalize?.(subject) ?? subject });
  }

  private tellCycles(entries: readonly Entry[], linked: readonly Entry[]): void {
    const needed = new Map<string, Set<string>>();
    for (const entry of linked) {
      const names = needed.get(nameEntry(entry)) ?? new Set();
      for (const name of entry.needs ?? []) names.add(name);
      needed.set(nameEntry(entry), names);
    }
    const done = new Set<string>();
    for (const entry of entries) {
      const way = findCycle(nameEntry(entry), needed, done, []);
      const [reference] = this.written.get(entry) ?? [];
      if (!way || !reference) continue;
      for (const name of way) done.add(name);
      this.report(mistakeAt('bad-needs', 'the entry needs itself', reference, way.join(' → ')));
    }
  }
}

type Groups = ReadonlyMap<string, readonly Entry[]>;

function groupBy(entries: readonly Entry[], keyOf: (entry: Entry) => string): Groups {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group) group.push(entry);
    else groups.set(keyOf(entry), [entry]);
  }
  return groups;
}

/** The way from an entry back to itself, if there is one that was not seen before. */
function findCycle(
  name: string,
  needed: ReadonlyMap<string, ReadonlySet<string>>,
  done: Set<string>,
  way: readonly string[],
): readonly string[] | undefined {
  if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
  if (done.has(name)) return undefined;
  for (const next of needed.get(name) ?? []) {
    const found = findCycle(next, needed, done, [...way, name]);
    if (found) return found;
  }
  done.add(name);
  return undefined;
}
