import type { Value } from './model.js';

/**
 * A part of the GJSON path syntax (github.com/tidwall/gjson, SYNTAX.md): keys, `\` before a special character, `*` and
 * `?` in keys, array indexes, `#`, `#(query)`, `#(query)#`, and `|`. `@this` is the whole; other modifiers, multipaths
 * and literals are refused.
 */
export type Path = readonly Step[];

type Step = { readonly piped: boolean } & (
  | { readonly kind: 'this' }
  | { readonly kind: 'key'; readonly parts: readonly KeyPart[]; readonly name: string }
  | { readonly kind: 'each' }
  | { readonly kind: 'query'; readonly all: boolean; readonly query: Query }
);

/** A piece of a key: text, or a wildcard. */
type KeyPart = { readonly text: string } | '*' | '?';

interface Query {
  readonly path: Path;
  readonly operator?: Operator;
  readonly operand?: Value;
}

const operators = ['==', '!=', '<=', '>=', '!%', '=', '<', '>', '%'] as const;
type Operator = (typeof operators)[number];

const longestPath = 1000;

/** @throws Error that says what is wrong with the path */
export function parsePath(text: string): Path {
  if (text === '') throw new Error('an empty path; @this is the whole document');
  if (text.length > longestPath) throw new Error(`a path of more than ${longestPath} characters`);
  const steps: Step[] = [];
  let at = 0;
  let piped = false;
  for (;;) {
    const { step, end } = readStep(text, at, piped);
    steps.push(step);
    if (end === text.length) return steps;
    const separator = text[end];
    if (separator !== '.' && separator !== '|') throw new Error(`${shown(text.slice(end))} cannot follow here`);
    piped = separator === '|';
    at = end + 1;
  }
}

/** What stands at a path; undefined where nothing does. */
export function findAt(value: Value, path: Path): Value | undefined {
  const [step, ...rest] = path;
  if (!step) return value;
  if (step.kind === 'this') return findAt(value, rest);
  if (step.kind === 'key') {
    const inner = memberOf(value, step);
    return inner === undefined ? undefined : findAt(inner, rest);
  }
  if (!Array.isArray(value)) return undefined;
  if (step.kind === 'each') return rest[0] && !rest[0].piped ? findInEach(value, rest) : findAt(value.length, rest);
  if (!step.all) {
    const first = value.find((element: Value) => answers(element, step.query));
    return first === undefined ? undefined : findAt(first, rest);
  }
  const matching = value.filter((element: Value) => answers(element, step.query));
  return rest[0] && !rest[0].piped ? findInEach(matching, rest) : findAt(matching, rest);
}

/** After `#`, a dot goes on in each element, a pipe with the list of what was found. */
function findInEach(elements: readonly Value[], path: Path): Value | undefined {
  const pipe = path.findIndex((step, at) => at > 0 && step.piped);
  const [inner, rest] = pipe < 0 ? [path, []] : [path.slice(0, pipe), path.slice(pipe)];
  return findAt(
    elements.flatMap((element) => {
      const found = findAt(element, inner);
      return found === undefined ? [] : [found];
    }),
    rest,
  );
}

// ----------------------------------------------------------------------------------------------------- reading

function readStep(text: string, at: number, piped: boolean): { step: Step; end: number } {
  const first = text[at];
  if (first === '#') return readArrayStep(text, at, piped);
  if (first === '@') {
    const name = /^[^.|]*/.exec(text.slice(at))?.[0] ?? '';
    if (name === '@this') return { step: { kind: 'this', piped }, end: at + name.length };
    throw new Error(`${shown(name)} is a modifier, and only @this is supported (\\@ means the character)`);
  }
  if (first === '{' || first === '[') throw new Error(`multipaths are not supported (\\${first} means the character)`);
  if (first === '!') throw new Error('literals are not supported (\\! means the character)');
  return readKey(text, at, piped);
}

function readKey(text: string, start: number, piped: boolean): { step: Step; end: number } {
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
  return { step: { kind: 'key', parts, name, piped }, end };
}

function readArrayStep(text: string, start: number, piped: boolean): { step: Step; end: number } {
  const next = text[start + 1];
  if (next === undefined || next === '.' || next === '|') return { step: { kind: 'each', piped }, end: start + 1 };
  if (next !== '(')
    throw new Error(`after # comes a dot, a pipe or a (query), not ${shown(next)} (\\# is the character)`);
  const close = findClosing(text, start + 1);
  const all = text[close + 1] === '#';
  const query = readQuery(text.slice(start + 2, close));
  return { step: { kind: 'query', all, query, piped }, end: close + (all ? 2 : 1) };
}

function findClosing(text: string, open: number): number {
  let depth = 0;
  for (const [at, character] of scan(text, open)) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`${shown(text.slice(open - 1))} is not closed by )`);
}

/** Every character with its place, but those in double quotes and after a backslash. */
function* scan(text: string, from: number): Generator<[number, string]> {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted) yield [at, character];
  }
}

/** `path operator value`, a path alone (is it there?), or operator and value alone (of the elements themselves). */
function readQuery(text: string): Query {
  let depth = 0;
  for (const [at, character] of scan(text, 0)) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth > 0 || !'=!<>%~'.includes(character)) continue;
    const operator = operators.find((one) => text.startsWith(one, at));
    if (!operator) throw new Error(`${shown(text.slice(at))} begins with no operator: one of ${operators.join(' ')}`);
    const path = text.slice(0, at).trim();
    return {
      path: path === '' ? [] : parsePath(path),
      operator,
      operand: readOperand(text.slice(at + operator.length)),
    };
  }
  if (text.trim() === '') throw new Error('an empty query');
  return { path: parsePath(text.trim()) };
}

/** JSON, or else the characters as they are: GJSON lets strings go without quotes. */
function readOperand(text: string): Value {
  const trimmed = text.trim();
  if (trimmed === '') throw new Error('a query has nothing after its operator');
  try {
    return JSON.parse(trimmed) as Value;
  } catch {
    if (trimmed.startsWith('"')) throw new Error(`${shown(trimmed)} is no JSON string`);
    return trimmed;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

// ----------------------------------------------------------------------------------------------------- finding

function memberOf(value: Value, { name, parts }: Extract<Step, { kind: 'key' }>): Value | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return /^(0|[1-9]\d{0,8})$/.test(name) ? value[Number(name)] : undefined;
  const map = value as { readonly [key: string]: Value };
  const key = name === '' ? Object.keys(map).find((one) => fits(one, parts)) : name;
  return key !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

function answers(element: Value, { path, operator, operand }: Query): boolean {
  const found = findAt(element, path);
  if (operator === undefined || operand === undefined) return found !== undefined;
  return found !== undefined && compare(found, operator, operand);
}

function compare(found: Value, operator: Operator, operand: Value): boolean {
  if (operator === '%' || operator === '!%') {
    if (typeof found !== 'string') return false;
    return fits(found, wildcards(String(operand))) === (operator === '%');
  }
  if (operator === '=' || operator === '==') return found === operand;
  if (operator === '!=') return found !== operand;
  if (typeof found === 'number' && typeof operand === 'number') return order(found, operand, operator);
  return typeof found === 'string' && typeof operand === 'string' && order(found, operand, operator);
}

function order<T extends number | string>(a: T, b: T, operator: '<' | '<=' | '>' | '>='): boolean {
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function wildcards(text: string): readonly KeyPart[] {
  return [...text].map((character) => (character === '*' || character === '?' ? character : { text: character }));
}

/** Wildcards by going back to the last star only: quadratic at worst, where a regular expression could run away. */
function fits(text: string, parts: readonly KeyPart[]): boolean {
  const pieces = parts.flatMap((part): readonly KeyPart[] =>
    typeof part === 'string' ? [part] : [...part.text].map((text) => ({ text })),
  );
  const characters = [...text];
  let [at, piece, star, resume] = [0, 0, -1, 0];
  while (at < characters.length) {
    const wanted = pieces[piece];
    if (wanted === '*') [star, resume, piece] = [piece, at, piece + 1];
    else if (wanted === '?' || (typeof wanted === 'object' && wanted.text === characters[at]))
      [at, piece] = [at + 1, piece + 1];
    else if (star >= 0) [resume, at, piece] = [resume + 1, resume + 1, star + 1];
    else return false;
  }
  return pieces.slice(piece).every((rest) => rest === '*');
}
