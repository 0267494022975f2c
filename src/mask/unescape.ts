/** A text with one layer of escapes taken off, which knows where each of its characters came from. */
export interface Unescaped {
  readonly text: string;
  /** The place in the text before, for a place in this one. The end of a stretch counts what stood for its last character. */
  startBefore(place: number): number;
  endBefore(place: number): number;
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

/**
 * Every escape in which a secret may come back: a quote inside single quotes of a shell, in both ways; URL encoding
 * (RFC 3986); escapes of HTML; those of JSON, C, shells and `printable`; and the ends of lines, as whoever encodes or
 * shows long text breaks it.
 */
const escapes = new RegExp(
  [
    String.raw`'\\''|'"'"'`,
    bytes('%'),
    '&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-f]{1,6});',
    bytes(String.raw`\\x`),
    String.raw`(?:\\[0-3][0-7]{2})+`,
    String.raw`\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}`,
    String.raw`\\\r?\n[ \t]*|(?:\r?\n[ \t]*)+`,
    String.raw`\\[^0-9a-z\r\n]|\\[abefnrtv0]`,
  ].join('|'),
  'gi',
);

/**
 * Takes one layer of escapes off, all kinds at once. Where kinds are nested, another layer is left for the next time;
 * what only looks like an escape is taken for one, so that a secret has to be compared in the same form.
 *
 * @returns undefined where there is none
 */
export function unescapeText(text: string): Unescaped | undefined {
  const at: number[] = [];
  const ends: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let shift = 0;
  const unescaped = text.replace(escapes, (written, ...rest) => {
    const place = rest.find((part) => typeof part === 'number') as number;
    const meant = meaningOf(written);
    at.push(place + shift);
    ends.push(place + shift + meant.length);
    from.push(place);
    to.push(place + written.length);
    shift += meant.length - written.length;
    return meant;
  });
  if (at.length === 0) return undefined;
  const lastBefore = (place: number) => findLast(at, place);
  return {
    text: unescaped,
    startBefore(place) {
      const index = lastBefore(place);
      if (index < 0) return place;
      const end = ends[index] ?? 0;
      return place < end ? (from[index] ?? 0) : (to[index] ?? 0) + place - end;
    },
    endBefore(place) {
      const index = lastBefore(place - 1);
      if (index < 0) return place;
      const end = ends[index] ?? 0;
      return place <= end ? (to[index] ?? 0) : (to[index] ?? 0) + place - end;
    },
  };
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
