import { explainFailure } from './mistakes.js';
import type { Value } from './model.js';

/**
 * A path of GJSON (github.com/tidwall/gjson, SYNTAX.md), read: keys with `*`, `?` and `\`, indexes, `#`, queries, `.` and
 * `|`, modifiers, multipaths, literals, `..` for lines. Where GJSON takes what it cannot read for a key (`a..b`, `{a`), it
 * is a mistake here.
 */
export type Path = readonly Step[];

export type Step = Piece & {
  /** A pipe stands before it: it goes on with all that was found, not with each element. */
  readonly piped: boolean;
};

/** A step by itself. */
type Piece = {
  /** Where it ends in the text of the path. */
  readonly end: number;
} & (
  | { readonly kind: 'key'; readonly parts: readonly KeyPart[]; readonly name: string }
  | { readonly kind: 'each' }
  | { readonly kind: 'query'; readonly all: boolean; readonly query: Query }
  | { readonly kind: 'modifier'; readonly name: ModifierName; readonly argument: string }
  | { readonly kind: 'list'; readonly members: readonly Path[] }
  | { readonly kind: 'map'; readonly members: readonly { readonly name: string; readonly path: Path }[] }
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'lines' }
);

/** A piece of a key: text, or a wildcard. */
export type KeyPart = { readonly text: string } | '*' | '?';

export interface Query {
  /** Empty: the element itself. */
  readonly path: Path;
  readonly operator?: Operator;
  /** Its characters; what they mean depends on what they are compared with. */
  readonly operand: string;
}

export const modifierNames = [
  'this',
  'valid',
  'pretty',
  'ugly',
  'reverse',
  'flatten',
  'join',
  'keys',
  'values',
  'tostr',
  'fromstr',
  'group',
  'dig',
] as const;
export type ModifierName = (typeof modifierNames)[number];

const operators = ['==', '!=', '<=', '>=', '!%', '=', '<', '>', '%'] as const;
export type Operator = (typeof operators)[number];

const longestPath = 1000;
/** Each may double what is there: more of them would be a way to fill the memory. */
const mostMakers = 5;

/** @throws Error that says what is wrong with the path */
export function parsePath(text: string): Path {
  if (text === '') throw new Error('an empty path; @this is the whole document');
  if (text.length > longestPath) throw new Error(`a path of more than ${longestPath} characters`);
  const lines = text.startsWith('..');
  const steps: Step[] = lines ? [{ kind: 'lines', piped: false, end: 2 }] : [];
  let at = lines ? 2 : 0;
  let piped = lines;
  for (;;) {
    const piece = readStep(text, at);
    const { end } = piece;
    steps.push({ ...piece, piped });
    if (steps.filter(makes).length > mostMakers)
      throw new Error(`more than ${mostMakers} modifiers and multipaths in one path`);
    if (end === text.length) return steps;
    const separator = text[end];
    if (separator !== '.' && separator !== '|') throw new Error(`${shown(text.slice(end))} cannot follow here`);
    piped = separator === '|';
    at = end + 1;
  }
}

function makes({ kind }: Step): boolean {
  return kind === 'modifier' || kind === 'list' || kind === 'map';
}

function readStep(text: string, at: number): Piece {
  const first = text[at];
  if (first === '#') return readArrayStep(text, at);
  if (first === '@') return readModifier(text, at) ?? readKey(text, at);
  if (first === '{' || first === '[') return readMultipath(text, at);
  if (first === '!') return readLiteral(text, at);
  return readKey(text, at);
}

function readKey(text: string, start: number): Piece {
  const parts: KeyPart[] = [];
  let literal = '';
  let end = start;
  for (; end < text.length && text[end] !== '.' && text[end] !== '|'; end++) {
    const character = text[end] ?? '';
    if (character === '*' || character === '?') {
      if (literal !== '') parts.push({ text: literal });
      literal = '';
      parts.push(character);
    } else if (character === '\\') {
      end += 1;
      if (end === text.length) throw new Error('a backslash at the end escapes nothing');
      literal += text[end];
    } else literal += character;
  }
  if (literal !== '') parts.push({ text: literal });
  if (parts.length === 0) throw new Error(`an empty key in ${shown(text)}`);
  const [only] = parts;
  const name = parts.length === 1 && typeof only === 'object' ? only.text : '';
  return { kind: 'key', parts, name, end };
}

/** `#`, `#(query)`, `#(query)#`; older paths have square brackets. `#text` is a key. */
function readArrayStep(text: string, start: number): Piece {
  const next = text[start + 1];
  if (next === undefined || next === '.' || next === '|') return { kind: 'each', end: start + 1 };
  if (next !== '(' && next !== '[') return readKey(text, start);
  const close = findClosing(text, start + 1);
  const all = text[close + 1] === '#';
  const query = readQuery(text.slice(start + 2, close));
  return { kind: 'query', all, query, end: close + (all ? 2 : 1) };
}

/** Undefined where it is none: `@type` is a key of many documents. */
function readModifier(text: string, start: number): Piece | undefined {
  const written = /^@([^.|:]*)/.exec(text.slice(start))?.[1] ?? '';
  const name = modifierNames.find((one) => one === written);
  const end = start + 1 + written.length;
  if (!name) return undefined;
  if (text[end] !== ':') return { kind: 'modifier', name, argument: '', end };
  const argument = readArgument(text, end + 1);
  const mistake = name === 'dig' ? explainFailure(() => parsePath(argument)) : undefined;
  if (mistake !== undefined) throw new Error(`@dig takes a path: ${mistake}`);
  return { kind: 'modifier', name, argument, end: end + 1 + argument.length };
}

/** JSON, or all up to the next pipe. */
function readArgument(text: string, start: number): string {
  if (/[{["]/.test(text[start] ?? '')) return text.slice(start, findEnd(text, start));
  for (const [at, character, depth] of scan(text, start))
    if (character === '|' && depth === 0) return text.slice(start, at);
  return text.slice(start);
}

/** `[a,b.c]` and `{a,"name":b.c}` */
function readMultipath(text: string, start: number): Piece {
  const close = findClosing(text, start);
  const members = splitMembers(text.slice(start + 1, close));
  if (text[start] === '[') {
    return { kind: 'list', members: members.map((member) => parsePath(member)), end: close + 1 };
  }
  return { kind: 'map', members: members.map(readMember), end: close + 1 };
}

function splitMembers(text: string): readonly string[] {
  const ends = [...scan(text, 0)].filter(([, character, depth]) => character === ',' && depth === 0).map(([at]) => at);
  return [...ends, text.length].map((end, at) => text.slice(at === 0 ? 0 : (ends[at - 1] ?? 0) + 1, end));
}

function readMember(text: string): { name: string; path: Path } {
  const colon = findColon(text);
  if (colon < 0) {
    const path = parsePath(text);
    return { name: nameOfLast(path, text), path };
  }
  const name = text.slice(0, colon);
  return { name: name.startsWith('"') ? parseString(name) : name, path: parsePath(text.slice(colon + 1)) };
}

/** The colon after a name, not that of a modifier. */
function findColon(text: string): number {
  for (const [at, character, depth] of scan(text, 0)) {
    if (character === '@' && (at === 0 || /[.|]/.test(text[at - 1] ?? ''))) return -1;
    if (character === ':' && depth === 0) return at;
  }
  return -1;
}

function nameOfLast(path: Path, text: string): string {
  const last = path.at(-1);
  if (last?.kind === 'key') return last.name || text.slice(path.at(-2)?.end ?? 0).replace(/^[.|]/, '');
  return last?.kind === 'modifier' ? `@${last.name}` : '_';
}

function readLiteral(text: string, start: number): Piece {
  const from = start + 1;
  const end = /[{["]/.test(text[from] ?? '')
    ? findEnd(text, from)
    : from + (/^[^.|]+(\.\d+)?/.exec(text.slice(from))?.[0].length ?? 0);
  try {
    return { kind: 'literal', value: JSON.parse(text.slice(from, end)) as Value, end };
  } catch {
    throw new Error(`${shown(text.slice(start))} is no JSON after the ! (\\! means the character)`);
  }
}

// ---------------------------------------------------------------------------------------------------- queries

/** `path operator value`, a path alone (is it there?), or operator and value alone (of the elements themselves). */
function readQuery(text: string): Query {
  for (const [at, character, depth] of scan(text, 0)) {
    if (depth > 0 || !'=!<>%~'.includes(character)) continue;
    const operator = operators.find((one) => text.startsWith(one, at));
    if (!operator) throw new Error(`${shown(text.slice(at))} begins with no operator: one of ${operators.join(' ')}`);
    const path = text.slice(0, at).trim();
    return {
      path: path === '' ? [] : parsePath(path),
      operator,
      operand: readOperand(text.slice(at + operator.length).trim()),
    };
  }
  if (text.trim() === '') throw new Error('an empty query');
  return { path: parsePath(text.trim()), operand: '' };
}

/** A string in quotes, or the characters as they are. */
function readOperand(text: string): string {
  if (text === '') throw new Error('a query has nothing after its operator');
  if (text.startsWith('~') && !['~true', '~false', '~null', '~*'].includes(text)) {
    throw new Error(`after ~ comes true, false, null or *, not ${shown(text.slice(1))}`);
  }
  return text.startsWith('"') ? parseString(text) : text;
}

function parseString(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
  } catch {
    // Told below.
  }
  throw new Error(`${shown(text)} is no JSON string`);
}

// ---------------------------------------------------------------------------------------------------- brackets

/** The bracket that closes the one at a place. */
function findClosing(text: string, open: number): number {
  for (const [at, character, depth] of scan(text, open)) if (depth === 0 && ')]}'.includes(character)) return at;
  const close = { '(': ')', '[': ']', '{': '}' }[text[open] ?? ''];
  throw new Error(`${shown(text.slice(text[open - 1] === '#' ? open - 1 : open))} is not closed by ${close}`);
}

/** The place after a bracket that is closed, or after a string. */
function findEnd(text: string, start: number): number {
  if (text[start] !== '"') return findClosing(text, start) + 1;
  const string = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(start))?.[0];
  if (string === undefined) throw new Error(`${shown(text.slice(start))} is not closed by "`);
  return start + string.length;
}

/** Every character with its place and the number of brackets around it, but those in double quotes and after a backslash. */
function* scan(text: string, from: number): Generator<readonly [at: number, character: string, depth: number]> {
  let quoted = false;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted) {
      if (')]}'.includes(character)) depth -= 1;
      yield [at, character, depth];
      if ('([{'.includes(character)) depth += 1;
    }
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
