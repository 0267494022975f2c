import { TemplateError } from './template-value.js';

/** One word inside `{{ … }}`. */
export interface Token {
  readonly kind: 'word' | 'field' | 'variable' | 'string' | 'number' | 'mark';
  /** Of a string what it means, of a field its name without the dot, else as written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** No space before it: `(index .Vars "x").y`. */
  readonly glued: boolean;
}

/** A piece of a template: text, or what stands between `{{` and `}}`. Comments are left out. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly start: number }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly start: number; readonly end: number };

const space = /\s/;
const number = /^[+-]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|\d+(\.\d+)?([eE][+-]?\d+)?)/;

/** Takes a template apart, with the white space trimmed as `{{-` and `-}}` say. @throws TemplateError */
export function readPieces(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    const trimsBefore = open >= 0 && source[open + 2] === '-' && space.test(source[open + 3] ?? '');
    addText(pieces, source.slice(at, end), at, { start: trimNext, end: trimsBefore });
    if (open < 0) break;
    const inside = open + (trimsBefore ? 3 : 2);
    const comment = /^\s*\/\*[\s\S]*?\*\/\s*(?:-)?\}\}/.exec(source.slice(inside));
    if (comment) {
      at = inside + comment[0].length;
      trimNext = comment[0].endsWith('-}}');
      continue;
    }
    const action = readAction(source, inside, open);
    pieces.push({ kind: 'action', tokens: action.tokens, start: open, end: action.end });
    at = action.end;
    trimNext = action.trims;
  }
  return pieces;
}

function addText(pieces: Piece[], text: string, start: number, trim: { start: boolean; end: boolean }): void {
  const kept = trim.start ? text.trimStart() : text;
  const shown = trim.end ? kept.trimEnd() : kept;
  if (shown !== '') pieces.push({ kind: 'text', text: shown, start: start + text.length - kept.length });
}

function readAction(source: string, from: number, open: number) {
  const tokens: Token[] = [];
  let at = from;
  for (;;) {
    const before = at;
    while (space.test(source[at] ?? '')) at += 1;
    const spaced = at > before;
    if (source.startsWith('}}', at)) return { tokens, end: at + 2, trims: false };
    if (spaced && source.startsWith('-}}', at)) return { tokens, end: at + 3, trims: true };
    if (at >= source.length) throw new TemplateError('{{ is not closed by }}', open);
    const token = readToken(source, at, !spaced && tokens.length > 0);
    tokens.push(token);
    at = token.end;
  }
}

function readToken(source: string, start: number, glued: boolean): Token {
  const rest = source.slice(start, start + 100_000);
  const make = (kind: Token['kind'], written: string, text = written): Token => ({
    kind,
    text,
    start,
    end: start + written.length,
    glued,
  });
  const quoted = /^"(?:[^"\\\n]|\\.)*"/.exec(rest)?.[0];
  if (quoted !== undefined) return make('string', quoted, unquote(quoted, start));
  const raw = /^`[^`]*`/.exec(rest)?.[0];
  if (raw !== undefined) return make('string', raw, raw.slice(1, -1));
  const field = /^\.([\p{L}_][\p{L}\p{N}_]*)?/u.exec(rest);
  if (field) return make('field', field[0], field[1] ?? '');
  const variable = /^\$[\p{L}\p{N}_]*/u.exec(rest)?.[0];
  if (variable !== undefined) return make('variable', variable);
  const digits = number.exec(rest)?.[0];
  if (digits !== undefined) return make('number', digits);
  const word = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(rest)?.[0];
  if (word !== undefined) return make('word', word);
  const mark = /^(:=|[|(),=])/.exec(rest)?.[0];
  if (mark !== undefined) return make('mark', mark);
  throw new TemplateError(`unexpected ${JSON.stringify(rest.slice(0, 10))} inside {{ }}`, start);
}

/** Go's interpreted strings; their escapes are those of JSON, with a few more. */
function unquote(quoted: string, start: number): string {
  const simple: { readonly [letter: string]: string } = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', "'": "'" };
  return quoted.slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    const character = simple[code];
    if (character === undefined) throw new TemplateError(`there is no escape \\${code} in a string`, start);
    return character;
  });
}
