import type { Problem } from './model.js';
import { makePaint, type Paint, printable } from './terminal.js';

/** Every kind of mistake in a spec, with what it means. Codes are stable: people search for them and silence them. */
export const problemCodes = {
  unreadable: 'A file of the spec cannot be read',
  'too-large': 'A file, or what its aliases and variables grow to, is larger than any spec needs to be',
  'not-text': 'A file is not UTF-8 text',
  'yaml-syntax': 'The text is not valid YAML',
  'several-documents': 'A file holds more than one YAML document',
  'duplicate-key': 'A mapping has the same key twice',
  'bad-alias': 'An alias or a merge key (`<<`) leads nowhere, to itself, or to what cannot be merged',
  'include-not-found': 'A file that is to be included does not exist, or a pattern matches none',
  'include-cycle': 'A file includes itself, directly or by way of others',
  'missing-key': 'Something that must be there is not, such as `version`',
  'unknown-key': 'There is no such key at this place',
  'unknown-resource': 'There is no such resource type, nor such a key of a spec',
  'unknown-property': 'The resource type has no such property or parameter',
  'unknown-matcher': 'There is no such matcher',
  'matcher-not-allowed': 'The matcher cannot judge values of this type',
  'wrong-type': 'A list, a mapping or a single value stands where another of them is needed',
  'bad-value': 'A value that cannot be read as what is needed here',
  'bad-subject': 'The key cannot be the name of such a thing',
  'bad-regexp': 'A regular expression that does not compile',
  'bad-range': 'A range of versions that cannot be read',
  'undefined-variable': 'A variable that is not defined',
  'bad-variable': 'A variable that is defined by itself, or used where its value cannot stand',
  'undefined-secret': 'A secret that is not under `secrets`',
  'bad-secret': 'It is not clear where a secret comes from, or it stands where none can',
  'unreadable-secret': 'The value of a secret cannot be had: not set, not there, empty, or its command failed',
  'short-secret': 'A secret is so short that it can only be masked where it stands alone',
  'bad-state': 'It is not clear what is to be copied before a switch, or it cannot be copied so',
  'no-targets': 'The spec names no target, so that there is nothing to run it against',
  'undefined-target': 'A target that is not under `targets`',
  'bad-target': 'How the target is reached is missing, twice there, or cannot be read',
  'bad-needs': 'An entry needs one that is not there, or itself, directly or by way of others',
  'vacuous-entry': 'An entry or expectation that asserts nothing, and so could never fail',
  'empty-spec': 'A spec that asserts nothing at all',
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** Columns of a source line that are shown. */
const widest = 100;
const tab = '    ';

/**
 * `file:line:col: error[code]: message`, the source line with carets under the place, and the hint. What comes from the
 * file is made harmless: nothing in it reaches the terminal as a control sequence.
 */
export function drawProblem(problem: Problem, { color }: { readonly color: boolean }): string {
  const paint = makePaint(color);
  const { code, severity, message, hint, position } = problem;
  const tone = severity === 'error' ? 'red' : 'yellow';
  const place = `${printable(position.file)}:${position.line}:${position.column}`;
  const lines = [
    `${paint('bold', `${place}:`)} ${paint(['bold', tone], `${severity}[${code}]`)}: ${printable(message)}`,
  ];
  const margin = ' '.repeat(String(position.line).length);
  if (problem.source !== undefined) lines.push(...drawFrame(problem, problem.source, margin, paint));
  if (hint !== undefined) lines.push(`${margin} ${paint('blue', '=')} ${printable(hint)}`);
  return lines.join('\n');
}

function drawFrame(problem: Problem, source: string, margin: string, paint: Paint): string[] {
  const { line, column } = problem.position;
  const start = Math.min(column - 1, source.length);
  const before = show(source.slice(0, start));
  const marked = show(source.slice(start, start + problem.length));
  const after = show(source.slice(start + problem.length));
  const window = cutWindow(before, marked, after);
  const carets = '^'.repeat(Math.max(1, displayWidth(window.marked)));
  const bar = paint('blue', '|');
  const tone = problem.severity === 'error' ? 'red' : 'yellow';
  return [
    `${margin} ${bar}`,
    `${paint('blue', String(line))} ${bar} ${window.before}${window.marked}${window.after}`,
    `${margin} ${bar} ${' '.repeat(displayWidth(window.before))}${paint(tone, carets)}`,
  ];
}

/** Very long lines: what is marked, and what stands around it. */
function cutWindow(before: string, marked: string, after: string) {
  const shownMark = marked.length > widest / 2 ? `${marked.slice(0, widest / 2)}…` : marked;
  const room = Math.max(0, widest - shownMark.length);
  const shownBefore = before.length > room / 2 && before.length + after.length > room;
  const head = shownBefore ? `…${before.slice(-Math.floor(room / 2))}` : before;
  const left = Math.max(0, widest - head.length - shownMark.length);
  const tail = after.length > left ? `${after.slice(0, left)}…` : after;
  return { before: head, marked: shownMark, after: tail };
}

function show(text: string): string {
  return printable(text.replaceAll('\t', tab));
}

/** Columns that a terminal gives to a text: East Asian wide characters and emoji take two, combining marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

const combining = /^\p{M}$/u;
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;
