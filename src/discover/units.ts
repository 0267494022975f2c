import type { Query } from '../model.js';
import { normalizeUnitName, unitKind, unitNamePattern } from '../unit-name.js';
import { type Answers, question } from './answers.js';
import type { Findings, Found, Part, Remark } from './finding.js';
import type { Listing } from './listing.js';
import { isOrdinary } from './ordinary-units.js';

/** Services, and the sockets and paths that start some of them. Timers have a part of their own. */
export const unitsPart: Part = {
  questions: (listing) => namesOf(listing).map(askForUnit),
  describe: (listing, answers) => {
    const started = timed(listing);
    const rows = namesOf(listing)
      .filter((name) => !started.has(name))
      .map((name) => classify(name, answers));
    return gather(rows);
  },
};

const wanted = ['active', 'enabled', 'healthy', 'state', 'type', 'condition', 'restarts', 'exit-status', 'result'];

export function askForUnit(name: string): Query {
  return question('unit', name, [...wanted, 'wanted-by', 'triggered-by', 'unit-file-state']);
}

/** What is loaded, will be there after the next boot, and is not on every machine; each kind that a unit of ours can be. */
function namesOf({ units }: Listing): readonly string[] {
  return units
    .filter(({ name, loaded, transient }) => loaded && !transient && unitNamePattern.test(name) && !isOrdinary(name))
    .filter(({ name }) => !ofConnection.test(name))
    .map(({ name }) => name)
    .filter((name) => ['service', 'socket', 'path'].includes(unitKind(name)))
    .sort();
}

/** Made by a socket unit for one connection: `greeter@3-12-400-0.service`, `sshd@1-10.0.0.1:22-10.0.0.2:4242.service`. */
const ofConnection = /@\d+-[^@]+-[^@]+\.service$/;

/** Services that a timer starts stand beside it. */
function timed({ units }: Listing): ReadonlySet<string> {
  return new Set(units.flatMap(({ name, triggers }) => (name.endsWith('.timer') ? triggers : [])));
}

type Row = Found | { readonly name: string; readonly why: Why } | undefined;

/** Why a unit is told and not asserted. */
const reasons = {
  unwell: 'Not well when looked at (failed, crashing or not started), so not asserted',
  stopped: 'Would be started by themselves, but are not active, so not asserted',
  byHand: 'Active, but nothing starts them after a boot, so not asserted',
} as const;

type Why = keyof typeof reasons;

function classify(name: string, answers: Answers): Row {
  const query = askForUnit(name);
  const told = (property: string) => answers.value(query, property);
  const [active, enabled, healthy] = [told('active') === true, told('enabled') === true, told('healthy') === true];
  const tell = (why: Why) => ({ name, why });
  if (told('state') === 'failed') return tell('unwell');
  // A crash loop is looked at now while it runs, now between two runs.
  if (!healthy && (active || told('state') === 'activating' || Number(told('restarts')) > 0)) return tell('unwell');
  if (unitKind(name) !== 'service') return active && enabled ? entry('triggers', name, { active, enabled }) : undefined;
  if (isOnDemand(query, answers)) return active ? entry('services', name, { enabled, healthy }) : undefined;
  if (active && isForBus(query, answers)) return undefined;
  if (active) return enabled ? entry('services', name, { active, enabled, healthy }) : tell('byHand');
  if (!enabled || told('condition') === false || told('condition') === undefined) return undefined;
  if (healthy && told('type') === 'oneshot') return entry('oneshots', name, { enabled, healthy });
  return healthy ? undefined : tell('stopped');
}

/** A socket or path starts it when it is needed: it may be at rest at another time. */
function isOnDemand(query: Query, answers: Answers): boolean {
  const triggers = answers.value(query, 'triggered-by');
  return Array.isArray(triggers) && triggers.length > 0;
}

/** Whoever asks for its name on the bus starts it, nothing else does, and it may end by itself. */
function isForBus(query: Query, answers: Answers): boolean {
  const by = answers.value(query, 'wanted-by');
  const wantedByNone = Array.isArray(by) && by.length === 0 && answers.value(query, 'unit-file-state') !== 'enabled';
  return answers.value(query, 'type') === 'dbus' && wantedByNone;
}

function entry(group: Found['group'], name: string, expects: Found['expects']): Found {
  return { group, resource: 'unit', subject: shortName(name), expects };
}

/** As people write it: without `.service` where that is understood. */
export function shortName(name: string): string {
  const short = name.replace(/\.service$/, '');
  return short !== name && normalizeUnitName(short) === name ? short : name;
}

function gather(rows: readonly Row[]): Findings {
  const entries = rows.filter((row): row is Found => row !== undefined && 'group' in row);
  const remarks = (Object.keys(reasons) as Why[]).map((why): Remark => {
    const about = rows.flatMap((row) => (row && 'why' in row && row.why === why ? [shortName(row.name)] : []));
    return { group: 'services', text: reasons[why], about };
  });
  return { entries, remarks: remarks.filter(({ about }) => about.length > 0) };
}
