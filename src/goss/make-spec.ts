import type { Problem } from '../model.js';
import { findLines } from '../spec/mistake.js';
import { type Pair, pairsOf, type SpecFile } from '../spec/node.js';
import { parseYaml } from '../spec/yaml-text.js';
import { type Composition, composeSpec, showSpec, type Target } from './compose.js';
import type { Draft } from './draft.js';
import type { Suite } from './read.js';
import type { Remark } from './remarks.js';
import { type Translation, translateSuite } from './translate.js';

export interface MadeSpec {
  readonly text: string;
  readonly entries: number;
  readonly remarks: readonly Remark[];
}

/** Each round leaves out what the check finds; more than a few are not needed. */
const mostRounds = 5;

/**
 * A spec that passes `nixspec lint`: what the translation let through and the check does not is told and becomes a
 * comment, too.
 * @param lint gives the mistakes of a spec
 */
export async function makeSpec(
  suite: Suite,
  targets: readonly Target[],
  lint: (text: string) => Promise<readonly Problem[]>,
): Promise<MadeSpec> {
  let translation = translateSuite(suite);
  for (let round = 0; ; round += 1) {
    const composition = composeSpec(translation, suite.files, targets);
    const text = showSpec(composition);
    const problems = composition.drafts.length === 0 ? [] : await lint(text);
    if (problems.length === 0 || round === mostRounds) {
      return { text, entries: composition.drafts.length, remarks: composition.remarks };
    }
    translation = leaveOut(translation, composition, text, problems);
  }
}

function leaveOut(
  translation: Translation,
  { drafts }: Composition,
  text: string,
  problems: readonly Problem[],
): Translation {
  const file: SpecFile = { name: '', path: '', folder: '.', text, lines: findLines(text) };
  const places = listPlaces(file, drafts);
  const remarks: Remark[] = [];
  const wrong = new Map<Draft, Map<string | undefined, string>>();
  for (const { position, message } of problems) {
    const offset = (file.lines[position.line - 1] ?? 0) + position.column - 1;
    const start = places.findLast((place) => place.start <= offset)?.start;
    for (const place of places.filter((one) => one.start === start)) {
      const reason = `nixspec does not take it: ${message}`;
      const lost = wrong.get(place.draft) ?? new Map<string | undefined, string>();
      if (!lost.has(place.key)) remarks.push(tellLost(place, reason));
      wrong.set(place.draft, lost.set(place.key, reason));
    }
  }
  const rest: string[] = [];
  const kept = drafts.flatMap((draft) => {
    const lost = wrong.get(draft);
    const left = lost ? withoutLines(draft, lost) : draft;
    if (left) return [{ ...left, subject: draft.subjectBefore ?? draft.subject }];
    if (!lost) return [];
    rest.push(...draft.before, `not carried over: ${draft.id}: ${[...lost.values()].join('; ')}`);
    return [];
  });
  const findings = { ...translation.findings, remarks: [...translation.findings.remarks, ...remarks] };
  return { ...translation, drafts: kept, rest: [...translation.rest, ...rest], findings };
}

function tellLost({ draft, key }: PlaceOf, reason: string): Remark {
  const what = key === undefined ? '' : `${key}: `;
  return { kind: 'lost', position: draft.position, text: `${draft.resource} ${draft.id}: ${what}${reason}` };
}

/** Undefined where nothing is left that could be asserted. */
function withoutLines(draft: Draft, lost: ReadonlyMap<string | undefined, string>): Draft | undefined {
  if (lost.has(undefined)) return undefined;
  const lines = draft.lines.filter(({ key }) => !lost.has(key));
  const said = [...lost].map(([key, reason]) => `not carried over: ${key}: ${reason}`);
  return lines.length === 0 ? undefined : { ...draft, lines, trailing: [...draft.trailing, ...said] };
}

interface PlaceOf {
  readonly start: number;
  readonly draft: Draft;
  /** A key of the entry; undefined for the subject. */
  readonly key: string | undefined;
}

/** Where each entry and each of its keys stands in the text. */
function listPlaces(file: SpecFile, drafts: readonly Draft[]): readonly PlaceOf[] {
  const { root } = parseYaml(file);
  const places = pairsOf(root).flatMap(({ key, value }) => {
    const some = drafts.filter(({ resource }) => resource === key.source);
    // A mistake of the section itself is one of all that stands in it.
    const whole = some.map((draft): PlaceOf => ({ start: key.start, draft, key: undefined }));
    return [...whole, ...pairsOf(value).flatMap((pair, at) => placesIn(pair, some[at]))];
  });
  return places.sort((a, b) => a.start - b.start);
}

function placesIn({ key, value }: Pair, draft: Draft | undefined): readonly PlaceOf[] {
  if (!draft) return [];
  const inner = pairsOf(value).map((pair): PlaceOf => ({ start: pair.key.start, draft, key: pair.key.source }));
  return [{ start: key.start, draft, key: undefined }, ...inner];
}
