import type { Io } from './command.js';
import { NixspecError } from './error.js';
import { isMaskable, type Masker, makeMasker } from './mask/masker.js';
import type { Entry, Problem } from './model.js';
import { problemCodes } from './problem.js';
import { readSecretValue, UnreadableSecret } from './secret-value.js';
import { mistakeAt } from './spec/mistake.js';
import type { SecretDefinition } from './spec/secrets.js';
import { listStandIns, nameStandIns, standInFor } from './spec/stand-in.js';

type Entries = ReadonlyMap<string, readonly Entry[]>;

/** A spec that was read without any secret; all by target. */
export interface FirstReading {
  readonly entries: Entries;
  /** Those of the entries that the command is about. */
  readonly chosen: Entries;
  /** By target and name. */
  readonly secrets: ReadonlyMap<string, ReadonlyMap<string, SecretDefinition>>;
  readonly problems: readonly Problem[];
}

/** The chosen entries with their secrets, which are shown by their names. */
export interface Filled {
  readonly entries: Entries;
  readonly masker: Masker;
}

/** What a second reading takes. */
export interface Rereading {
  /** @throws NixspecError where one is an error */
  tell(problems: readonly Problem[]): void;
  readAgain(values: SecretValues): Promise<Pick<FirstReading, 'entries' | 'problems'>>;
}

/** The values of secrets by target and name. */
export type SecretValues = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** More commands at once would start more of a password manager than it likes. */
const commandsAtOnce = 8;

/**
 * Reads the secrets that the chosen entries need, and the spec once more with them.
 * @returns undefined where none is needed
 * @throws NixspecError `spec-invalid` where one cannot be had, `interrupted`
 */
export async function fillInSecrets(first: FirstReading, io: Io, again: Rereading): Promise<Filled | undefined> {
  const needed = findNeeded(first);
  if (needed.size === 0) return undefined;
  const { values, problems } = await readNeeded(needed, io);
  // What is not read keeps its stand-in, which the expectations of skipped entries show.
  const masker = makeMasker([
    ...[...values.values()].flatMap((byName) => [...byName.values()]),
    ...listAllStandIns(first),
  ]);
  io.conceal(masker);
  again.tell(problems);
  const second = await again.readAgain(values);
  again.tell(hideReasons(second.problems, first.problems));
  return { entries: showByName(second.entries, first), masker };
}

/** For what shows a plan and reads no secret: all that stands for one is masked. */
export function fillInStandIns(first: FirstReading, io: Io): Filled | undefined {
  if (findNeeded(first).size === 0) return undefined;
  const masker = makeMasker(listAllStandIns(first));
  io.conceal(masker);
  return { entries: showByName(first.entries, first), masker };
}

function listAllStandIns({ secrets }: FirstReading): readonly string[] {
  return [...secrets.values()].flatMap((byName) => [...byName.keys()].map(standInFor));
}

/** By target: the secrets whose stand-ins are in its chosen entries, wherever they came in from. What is skipped needs none. */
function findNeeded({ chosen, secrets }: FirstReading): ReadonlyMap<string, readonly SecretDefinition[]> {
  const needed = [...chosen].map(([target, entries]) => {
    const names = new Set(listStandIns(JSON.stringify(entries.filter(({ options }) => options.skip === undefined))));
    return [target, [...names].flatMap((name) => secrets.get(target)?.get(name) ?? [])] as const;
  });
  return new Map(needed.filter(([, definitions]) => definitions.length > 0));
}

/**
 * Reads the secrets that are needed, each once though several targets share it.
 * @returns mistakes in place of values where one cannot be had
 * @throws NixspecError `interrupted`
 */
async function readNeeded(
  needed: ReadonlyMap<string, readonly SecretDefinition[]>,
  io: Io,
): Promise<{ readonly values: SecretValues; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const known = new Map<string, string>();
  const read = async (definition: SecretDefinition) => {
    const value = await readOne(definition, io, problems);
    if (value !== undefined) known.set(keyOf(definition), value);
  };
  const definitions = new Map([...needed.values()].flat().map((one) => [keyOf(one), one]));
  const waiting = [...definitions.values()];
  const take = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await read(next);
  };
  // On a terminal one after another: each may ask for something.
  const atOnce = io.isTerminal.in ? 1 : commandsAtOnce;
  await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, take));
  const valuesOf = (list: readonly SecretDefinition[]) =>
    list.flatMap((one) => {
      const value = known.get(keyOf(one));
      return value === undefined ? [] : [[one.name, value] as const];
    });
  return { values: new Map([...needed].map(([target, list]) => [target, new Map(valuesOf(list))])), problems };
}

function keyOf({ origin }: SecretDefinition): string {
  return JSON.stringify(origin);
}

async function readOne(definition: SecretDefinition, io: Io, problems: Problem[]): Promise<string | undefined> {
  const { name, origin, place } = definition;
  try {
    const value = await readSecretValue(origin, { env: io.env, signal: io.signal });
    if (!isMaskable(value)) problems.push(warnShort(definition));
    return value;
  } catch (error) {
    if (io.signal.aborted) throw new NixspecError('interrupted', 'interrupted', { operation: 'read secrets' });
    if (!(error instanceof UnreadableSecret)) throw error;
    problems.push(mistakeAt('unreadable-secret', `the secret ${name} cannot be read: ${error.message}`, place));
    return undefined;
  }
}

function warnShort({ name, place }: SecretDefinition): Problem {
  const message = `the secret ${name} is shorter than 4 characters, and is masked only where it stands alone`;
  return { ...mistakeAt('short-secret', message, place), severity: 'warning' };
}

/**
 * The chosen entries, named and shown by those that have stand-ins: the same on every target, whatever the secrets are. Both
 * were read from the same text, so that they are the same entries in the same order.
 */
function showByName(entries: Entries, first: FirstReading): Entries {
  const show = (target: string, list: readonly Entry[]) => {
    const standIns = first.entries.get(target) ?? [];
    if (list.length !== standIns.length) throw new TypeError('with their secrets, there are other entries');
    const chosen = new Set(first.chosen.get(target));
    return list.flatMap((entry, at) => {
      const standIn = standIns[at];
      return standIn && chosen.has(standIn) ? [nameSecrets(entry, standIn)] : [];
    });
  };
  return new Map([...entries].map(([target, list]) => [target, show(target, list)]));
}

function nameSecrets(entry: Entry, standIn: Entry): Entry {
  const shownSubject = nameStandIns(standIn.subject);
  const expectations = entry.expectations.map((expectation, at) => {
    const path = standIn.expectations[at]?.path ?? expectation.path;
    const shownPath = path.map(nameStandIns);
    return path.every((key, index) => key === shownPath[index]) ? expectation : { ...expectation, shownPath };
  });
  return { ...entry, ...(shownSubject !== standIn.subject && { shownSubject }), expectations };
}

/** Mistakes that only the secrets themselves make: what is said about them would say something of a secret. */
function hideReasons(problems: readonly Problem[], told: readonly Problem[]): Problem[] {
  const key = ({ code, position }: Problem) => JSON.stringify([code, position]);
  const known = new Set(told.map(key));
  return problems
    .filter((problem) => !known.has(key(problem)))
    .map(({ hint: _, ...problem }) => {
      const meaning = problemCodes[problem.code as keyof typeof problemCodes];
      const message = `with the value of its secret: ${meaning.charAt(0).toLowerCase()}${meaning.slice(1)}`;
      return { ...problem, message };
    });
}
