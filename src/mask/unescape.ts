import type { Stretch } from './stretch.js';

/** How many layers of escapes are taken off a text: JSON in a shell word in JSON is three. */
const deepestEscape = 5;

/** A text with some layers of escapes taken off, which knows where each stretch of it came from. */
export interface Layer {
  readonly text: string;
  /** Without white space shorter texts would be found where there are none: `the match` has `them` in it. */
  readonly dense?: true;
  originOf(stretch: Stretch): Stretch;
}

/** One character each (UTF-8: up to four bytes) as URLs, and as C, Python and systemd write bytes. */
function bytes(mark: string): string {
  const more = `${mark}[89ab][0-9a-f]`;
  return [
    `${mark}[0-7][0-9a-f]`,
    `${mark}[cd][0-9a-f]${more}`,
    `${mark}e[0-9a-f](?:${more}){2}`,
    `${mark}f[0-7](?:${more}){3}`,
  ].join('|');
}

/** The same in octal, as `printf %q` and `ls -b` write them. */
const octal = [
  String.raw`\\[01][0-7]{2}`,
  String.raw`\\3[0-3][0-7]\\2[0-7]{2}`,
  String.raw`\\3[45][0-7](?:\\2[0-7]{2}){2}`,
  String.raw`\\36[0-7](?:\\2[0-7]{2}){3}`,
].join('|');

/**
 * Every escape in which a secret may come back: a quote inside single quotes of a shell, in both ways; URL encoding
 * (RFC 3986); escapes of HTML; those of JSON, C, shells and `printable`; and the ends of lines. Nothing in it repeats without
 * a bound but single characters: the stack of the engine is not.
 */
const escapes = new RegExp(
  [
    String.raw`'\\''|'"'"'`,
    bytes('%'),
    '&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-f]{1,6});',
    bytes(String.raw`\\x`),
    octal,
    String.raw`\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}`,
    String.raw`\\\r?\n[ \t]*|[\r\n][ \t\r\n]*`,
    String.raw`\\[^0-9a-z\r\n]|\\[abefnrtv0]`,
  ].join('|'),
  'gi',
);

const lineEnds = /[\r\n][ \t\r\n]*/g;
const whiteSpace = /[ \t\r\n]+/g;

/**
 * A text as it is first; then without any white space, since whoever shows long text breaks it between words and indents it,
 * and dumps have spaces between bytes; without the ends of lines alone; then with one layer of escapes after another taken off, all kinds at
 * once. What only looks like an escape is taken for one, so that
 * a secret has to be compared in the same form.
 */
export function* layersOf(text: string): Generator<Layer, void> {
  let layer: Layer = { text, originOf: (stretch) => stretch };
  yield layer;
  const joined = substitute(layer, lineEnds, nothing);
  const dense = substitute(layer, whiteSpace, nothing);
  if (dense) yield { ...dense, dense: true };
  if (joined) yield joined;
  layer = joined ?? layer;
  for (let depth = 0; depth < deepestEscape; depth += 1) {
    const next = substitute(layer, escapes, meaningOf);
    if (!next) return;
    yield next;
    layer = next;
  }
}

/** @returns undefined where there is nothing to substitute */
function substitute(outer: Layer, pattern: RegExp, meaningOf: (written: string) => string): Layer | undefined {
  const text = meaningOf === nothing ? outer.text.replace(pattern, '') : outer.text.replace(pattern, meaningOf);
  if (text === outer.text) return undefined;
  // Most texts hold no secret, and nobody asks where anything came from.
  let before: ((stretch: Stretch) => Stretch) | undefined;
  return {
    text,
    originOf: (stretch) => {
      before ??= traceBack(outer.text, pattern, meaningOf);
      return outer.originOf(before(stretch));
    },
  };
}

function nothing(): string {
  return '';
}

/** Leads from places behind a substitution to those before it; inside of what an escape means, to its start or its end. */
function traceBack(text: string, pattern: RegExp, meaningOf: (written: string) => string) {
  const at: number[] = [];
  const ends: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let shift = 0;
  for (const { 0: written, index: place } of text.matchAll(pattern)) {
    const meant = meaningOf(written);
    at.push(place + shift);
    ends.push(place + shift + meant.length);
    from.push(place);
    to.push(place + written.length);
    shift += meant.length - written.length;
  }
  const before = (place: number, inside: readonly number[], last: number) => {
    const index = findLast(at, last);
    if (index < 0) return place;
    const end = ends[index] ?? 0;
    return last < end ? (inside[index] ?? 0) : (to[index] ?? 0) + place - end;
  };
  return ([start, end]: Stretch): Stretch => [before(start, from, start), before(end, to, end - 1)];
}

/** The index of the last number that is not greater; -1 where there is none. */
function findLast(numbers: readonly number[], limit: number): number {
  let low = -1;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

const named: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const controls: { readonly [letter: string]: string } = {
  ...{ a: '\u0007', b: '\b', e: '\u001b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' },
};

function meaningOf(written: string): string {
  switch (written[0]) {
    case '%':
      return decodeBytes(written, written);
    case '&':
      return decodeEntity(written);
    case "'":
      return "'";
    case '\\':
      return decodeBackslash(written);
    default:
      return '';
  }
}

function decodeBytes(percents: string, written: string): string {
  try {
    return decodeURIComponent(percents);
  } catch {
    return written;
  }
}

function decodeEntity(written: string): string {
  const name = written.slice(1, -1).toLowerCase();
  if (!name.startsWith('#')) return named[name] ?? written;
  return character(name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)), written);
}

function decodeBackslash(written: string): string {
  const letter = written[1] ?? '';
  if (letter === 'x') return decodeBytes(written.replaceAll(/\\x/gi, '%'), written);
  if (written.length > 3 && /[0-3]/.test(letter)) return decodeOctal(written);
  if (/u/i.test(letter)) return character(Number.parseInt(written.replace(/[^0-9a-f]/gi, ''), 16), written);
  if (letter === '\n' || letter === '\r') return '';
  return controls[letter.toLowerCase()] ?? letter;
}

function decodeOctal(written: string): string {
  const codes = written.split('\\').slice(1);
  return Buffer.from(codes.map((code) => Number.parseInt(code, 8))).toString('utf8');
}

/** One half of a surrogate pair is a character of its own here: joined they are what was meant. */
function character(code: number, written: string): string {
  return code > 0x10ffff ? written : code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code);
}
