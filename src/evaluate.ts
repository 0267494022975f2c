import { describeClues } from './clues.js';
import { keepValue, reportedOf } from './facts.js';
import { maskMatch, showWith } from './mask/mask-match.js';
import type { Masker } from './mask/masker.js';
import { applyExpectation, describeExpectation, type Match, type Matchers } from './matcher.js';
import type {
  Assertion,
  NoReading,
  Notes,
  Observation,
  Outcome,
  OutcomeStatus,
  Reading,
  Readings,
  Value,
  ValueForm,
  ValueTypeName,
} from './model.js';
import { judgePartlyKnown, knownPart } from './partly-known.js';
import { isNoReading } from './resource.js';
import { countOf, listSome, mask } from './text.js';

/** What judging needs: the matchers, and what masks secrets before anything that is shown is shortened. */
interface Means {
  readonly matchers: Matchers;
  readonly masker?: Masker | undefined;
}

/** The judgement, before it is put on record. */
interface Judgement {
  readonly status: OutcomeStatus;
  readonly message: string;
  readonly actual?: Value;
  /** Of `actual`, where it is not that of the property. */
  readonly type?: ValueTypeName;
}

/**
 * The verdict on one assertion. Nothing passes by being missing: an absent thing satisfies only `exists: false`, an
 * unknown one nothing. Pure.
 *
 * @param observation the answer to the assertion's query; undefined where nobody asked
 * @param looks how often it was looked at, this time included
 * @param masker where the spec has secrets: verdicts are about the values themselves, but nothing shows them
 */
export function evaluate(
  assertion: Assertion,
  observation: Observation | undefined,
  looks: number,
  matchers: Matchers,
  masker?: Masker,
): Outcome {
  const { skip } = assertion;
  if (skip !== undefined) return record(assertion, { status: 'skipped', message: skip }, 0, masker);
  return record(assertion, judgeObservation(assertion, observation, { matchers, masker }), looks, masker);
}

function judgeObservation(assertion: Assertion, observation: Observation | undefined, means: Means): Judgement {
  if (!observation) return unknown('it was not asked');
  if (observation.status === 'unknown') return unknown(observation.reason);
  if (observation.status === 'several') return judgeSeveral(assertion, observation, means);
  const [property = '', ...keys] = assertion.path;
  if (property === 'exists') return judgeExists(assertion, observation, means);
  if (observation.status === 'absent') return failed(`not there: ${observation.reason}`);
  const reading = descend(observation.readings, property, keys);
  return 'judgement' in reading
    ? reading.judgement(assertion, means)
    : judgeReading(assertion, reading.value, means, observation);
}

/** Each of what the subject names must hold what is expected; none at all holds nothing. */
function judgeSeveral(
  assertion: Assertion,
  { readings, members }: Extract<Observation, { status: 'several' }>,
  means: Means,
): Judgement {
  const [property = ''] = assertion.path;
  if (Object.hasOwn(readings, property)) {
    return judgeObservation(assertion, { status: 'known', readings }, means);
  }
  if (members.size === 0) return failed('not there: nothing has a name like that');
  const judged = [...members].map(([name, member]) => ({ name, ...judgeObservation(assertion, member, means) }));
  const wrong = judged.filter(({ status }) => status === 'failed');
  const bad = wrong.length > 0 ? wrong : judged.filter(({ status }) => status === 'unknown');
  const actual = Object.fromEntries(judged.map((one) => [one.name, one.actual ?? null]));
  const status = bad[0]?.status ?? 'passed';
  return { status, message: bad.length === 0 ? '' : describeMembers(bad, judged.length), actual, type: 'map' };
}

/** `2 of 5: expected true, found false (a.service, b.service)` */
function describeMembers(bad: readonly { readonly name: string; readonly message: string }[], count: number): string {
  const byMessage = new Map<string, string[]>();
  for (const { name, message } of bad) {
    const [said = ''] = message.split('\n', 1);
    byMessage.set(said, [...(byMessage.get(said) ?? []), name]);
  }
  const shown = [...byMessage].slice(0, mostMessages).map(([said, names]) => `${said} (${listSome(names)})`);
  const more = byMessage.size > mostMessages ? ['and more'] : [];
  return `${bad.length} of ${count}: ${[...shown, ...more].join('; ')}`;
}

const mostMessages = 3;

function judgeExists(
  assertion: Assertion,
  observation: Exclude<Observation, { status: 'unknown' | 'several' }>,
  means: Means,
): Judgement {
  if (observation.status === 'known')
    return judgeReading(assertion, observation.readings.exists ?? true, means, observation);
  const judgement = judgeReading(assertion, false, means);
  return judgement.status === 'failed' ? { ...judgement, message: `not there: ${observation.reason}` } : judgement;
}

function judgeReading(assertion: Assertion, reading: Reading, means: Means, notes: Notes = {}): Judgement {
  if (!isNoReading(reading)) return judgeValue(assertion, reading, means, notes);
  if (reading.noReading === 'unknown') return judgePart(assertion, reading, means);
  return failed(`expected ${phraseOf(assertion, means)}, found nothing: ${reading.reason}`);
}

function judgeValue(assertion: Assertion, actual: Value, means: Means, { versionRules, clues }: Notes): Judgement {
  const form: ValueForm = { ...formOf(assertion), ...(versionRules && { versionRules }) };
  const match = applyExpectation(means.matchers, showWith(means.masker), actual, form, assertion.expectation);
  if (match.verdict === 'passed') return { status: 'passed', message: '', actual };
  const status = match.verdict === 'unknown' ? 'unknown' : 'failed';
  const message = describeMatch(assertion, match, actual, means);
  const lines = describeClues(clues?.[assertion.path[0] ?? ''] ?? [], means.masker);
  return { status, message: [message, ...lines].join('\n'), actual };
}

/** What is known of it may decide: a line that must not be there, and is. */
function judgePart(assertion: Assertion, { reason, partly }: NoReading, means: Means): Judgement {
  if (!partly) return unknown(reason);
  const match = judgePartlyKnown(partly, assertion.expectation, (value, one) =>
    applyExpectation(means.matchers, showWith(means.masker), value, formOf(assertion), one),
  );
  if (!match) return unknown(reason);
  if (match.verdict === 'passed') return { status: 'passed', message: '', actual: knownPart(partly) };
  const actual = knownPart(partly);
  const found = 'end' in partly ? match.found : `at least ${match.found}`;
  const told = { verdict: match.verdict, expected: match.expected, found };
  return { status: 'failed', message: describeMatch(assertion, told, actual, means), actual };
}

/** `expected at least 14 d, found 3 d`, and beneath it a diff where there is one. */
function describeMatch(assertion: Assertion, match: Match, actual: Value, means: Means): string {
  const { type, expectation } = assertion;
  const phrase = () => phraseOf(assertion, means);
  const { expected, found, details } = maskMatch(match, type, expectation, actual, means.masker, phrase);
  const said = `expected ${expected}, found ${found}`;
  return details === undefined ? said : `${said}\n${details}`;
}

function phraseOf(assertion: Assertion, { matchers, masker }: Means): string {
  return describeExpectation(matchers, showWith(masker), formOf(assertion), assertion.expectation);
}

function formOf({ type, values }: Assertion): ValueForm {
  return { type, ...(values && { values }) };
}

function failed(message: string): Judgement {
  return { status: 'failed', message };
}

function unknown(message: string): Judgement {
  return { status: 'unknown', message };
}

// ---------------------------------------------------------------------------------------------------- paths

type Found = { readonly value: Reading } | { readonly judgement: (assertion: Assertion, means: Means) => Judgement };

/** What stands at a path inside a map property. A key that is not there fails, under `not` too. */
function descend(readings: Readings, property: string, keys: readonly string[]): Found {
  const reading = reportedOf(readings, property);
  // What is not there may still have readings: a port where nothing listens is known not to listen.
  if (reading === undefined && readings.exists === false) return { judgement: () => failed('not there') };
  if (reading === undefined) return { judgement: () => unknown('not reported') };
  let value = reading;
  for (const [at, key] of keys.entries()) {
    if (isNoReading(value)) break;
    const inner = memberOf(value, key);
    if (inner === undefined) return { judgement: missingKey(value, [property, ...keys.slice(0, at)], key) };
    value = inner;
  }
  return { value };
}

/** Inside a record map there may be a reason in place of a value, which the type of `Value` takes for a map. */
function memberOf(value: Reading, key: string): Reading | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(key) ? (value as readonly Value[])[Number(key)] : undefined;
  return Object.hasOwn(value, key) ? (value as { readonly [name: string]: Reading })[key] : undefined;
}

function missingKey(value: Reading, path: readonly string[], key: string) {
  const place = path.join('.');
  return (assertion: Assertion, means: Means): Judgement => {
    const expected = `expected ${phraseOf(assertion, means)}, found nothing`;
    const [shown, wanted] = means.masker ? [means.masker.value(value as Value), means.masker.text(key)] : [value, key];
    return failed(`${expected}: there is no ${showKey(wanted)} in ${place}, which ${describeKeys(shown, wanted)}`);
  };
}

function describeKeys(value: Reading, key: string): string {
  if (value === null || typeof value !== 'object') return 'is no mapping';
  const keys = Object.keys(value);
  if (keys.length === 0) return 'is empty';
  if (Array.isArray(value)) return `has ${countOf(keys.length, 'element')}`;
  const alike = keys.find((one) => one.toLowerCase() === key.toLowerCase());
  return `has ${alike === undefined ? listSome(keys.map(showKey)) : showKey(alike)}`;
}

const longestKey = 80;

function showKey(key: string): string {
  return key.length > longestKey ? `${key.slice(0, longestKey)}…` : key;
}

// -------------------------------------------------------------------------------------------------- outcomes

function record(assertion: Assertion, judgement: Judgement, looks: number, masker?: Masker): Outcome {
  const { id, resource, subject, property, volatile, secret, expectation, options, perTarget, position } = assertion;
  const { status, actual, type = assertion.type } = judgement;
  return {
    id,
    resource,
    subject,
    property,
    matcher: expectation.matcher,
    type,
    ...(volatile && { volatile }),
    expected: secret ? mask : assertion.expected,
    ...(actual !== undefined && { actual: secret ? mask : keepValue(actual, masker) }),
    status,
    severity: options.severity,
    message: addLooks(secret ? hideValues(judgement) : judgement.message, status, looks),
    looks,
    ...(options.title !== undefined && { title: options.title }),
    ...(perTarget && { perTarget }),
    position,
  };
}

/** What could not be found out may be told; what was found, and what was expected, may not. */
function hideValues({ status, message, actual }: Judgement): string {
  if (actual === undefined && (status === 'unknown' || status === 'skipped')) return message;
  return status === 'passed' ? '' : 'other than expected; the value is secret';
}

/** Who waited wants to know that it came late, or not at all. Before a diff, not after it. */
function addLooks(message: string, status: OutcomeStatus, looks: number): string {
  if (looks < 2) return message;
  if (status === 'passed') return `after ${looks} looks`;
  const [first = '', ...rest] = message.split('\n');
  return [`${first} (after ${looks} looks)`, ...rest].join('\n');
}
