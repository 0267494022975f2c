import { type Piece, readPieces, type Token } from './template-tokens.js';
import { TemplateError } from './template-value.js';

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Pipe {
  /** `$k, $v :=`; with `=` it sets what is there. */
  readonly names: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
  | { readonly kind: 'chain'; readonly of: Operand; readonly names: readonly string[] };

export type TemplateNode = Work | Jump;

/** What prints, or holds what prints. `strange` is known to Go and not to us. */
export type Work =
  | { readonly kind: 'text'; readonly text: string; readonly start: number }
  | ({ readonly kind: 'print'; readonly pipe: Pipe } & Span)
  | ({ readonly kind: 'strange'; readonly word: string } & Span)
  | Branch;

/** Ends the turn of a `range`, or all of it. */
export interface Jump extends Span {
  readonly kind: 'break' | 'continue';
}

/** `if`, `with` and `range`; `{{ else if }}` is a branch inside `otherwise`. */
export interface Branch extends Span {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: Pipe;
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

export function isJump(node: TemplateNode): node is Jump {
  return node.kind === 'break' || node.kind === 'continue';
}

const deepest = 100;

/** Parses a template of Go. @throws TemplateError */
export function parseTemplate(source: string): readonly TemplateNode[] {
  return new TemplateParser(readPieces(source)).parse();
}

class TemplateParser {
  private at = 0;

  constructor(private readonly pieces: readonly Piece[]) {}

  parse(): readonly TemplateNode[] {
    const nodes = this.readBody(0);
    const extra = this.pieces[this.at];
    if (extra) throw new TemplateError(`{{ ${wordOf(extra)} }} has nothing to belong to`, extra.start);
    return nodes;
  }

  /** Up to an `end` or `else`, which is left for the caller. */
  private readBody(depth: number): TemplateNode[] {
    const nodes: TemplateNode[] = [];
    for (; this.at < this.pieces.length; ) {
      const piece = this.pieces[this.at];
      if (!piece || ['end', 'else'].includes(wordOf(piece))) break;
      this.at += 1;
      if (piece.kind === 'text') nodes.push(piece);
      else if (piece.tokens.length > 0) nodes.push(this.readAction(piece, depth));
    }
    return nodes;
  }

  private readAction(piece: Piece & { kind: 'action' }, depth: number): TemplateNode {
    const { start, end } = piece;
    const word = wordOf(piece);
    if (word === 'if' || word === 'with' || word === 'range') {
      return this.readBranch(word, piece.tokens.slice(1), start, depth);
    }
    if (word === 'break' || word === 'continue') return { kind: word, start, end };
    if (word === 'define' || word === 'block') return this.readStrange(word, start, depth);
    if (word === 'template') return { kind: 'strange', word, start, end };
    return { kind: 'print', pipe: readPipe(piece.tokens, start), start, end };
  }

  private readBranch(kind: Branch['kind'], tokens: readonly Token[], start: number, depth: number): Branch {
    if (depth > deepest) throw new TemplateError(`blocks stand in each other more than ${deepest} deep`, start);
    const pipe = readPipe(tokens, start);
    const body = this.readBody(depth + 1);
    const next = this.pieces[this.at];
    if (next?.kind !== 'action') throw new TemplateError(`{{ ${kind} }} has no {{ end }}`, start);
    this.at += 1;
    if (wordOf(next) === 'end') return { kind, pipe, body, otherwise: [], start, end: next.end };
    const [, word] = next.tokens;
    if (word?.text === 'if' || word?.text === 'with') {
      const inner = this.readBranch(word.text, next.tokens.slice(2), next.start, depth + 1);
      return { kind, pipe, body, otherwise: [inner], start, end: inner.end };
    }
    const otherwise = this.readBody(depth + 1);
    return { kind, pipe, body, otherwise, start, end: this.takeEnd(kind, start) };
  }

  private readStrange(word: string, start: number, depth: number): TemplateNode {
    this.readBody(depth + 1);
    return { kind: 'strange', word, start, end: this.takeEnd(word, start) };
  }

  private takeEnd(word: string, start: number): number {
    const piece = this.pieces[this.at];
    if (piece?.kind !== 'action' || wordOf(piece) !== 'end') {
      throw new TemplateError(`{{ ${word} }} has no {{ end }}`, start);
    }
    this.at += 1;
    return piece.end;
  }
}

function wordOf(piece: Piece): string {
  const [first] = piece.kind === 'action' ? piece.tokens : [];
  return first?.kind === 'word' ? first.text : '';
}

function readPipe(tokens: readonly Token[], start: number): Pipe {
  const reader = new PipeReader(tokens, start);
  const pipe = reader.read(0);
  reader.finish();
  return pipe;
}

class PipeReader {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly start: number,
  ) {}

  finish(): void {
    const extra = this.tokens[this.at];
    if (extra) throw new TemplateError(`unexpected ${JSON.stringify(extra.text)}`, extra.start);
  }

  read(depth: number): Pipe {
    if (depth > deepest) throw new TemplateError('brackets stand in each other too deep', this.start);
    const declared = depth === 0 ? this.readNames() : { names: [], assigns: false };
    const commands = [this.readCommand(depth)];
    while (this.take('|')) commands.push(this.readCommand(depth));
    return { ...declared, commands };
  }

  private readNames(): Pick<Pipe, 'names' | 'assigns'> {
    const names: string[] = [];
    let at = this.at;
    while (this.tokens[at]?.kind === 'variable') {
      names.push(this.tokens[at]?.text ?? '');
      const mark = this.tokens[at + 1];
      at += 2;
      if (mark?.kind !== 'mark') break;
      if (mark.text === ':=' || mark.text === '=') {
        this.at = at;
        return { names, assigns: mark.text === '=' };
      }
      if (mark.text !== ',') break;
    }
    return { names: [], assigns: false };
  }

  private readCommand(depth: number): Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (!token || (token.kind === 'mark' && token.text !== '(')) break;
      operands.push(this.readOperand(token, depth));
    }
    if (operands.length === 0) throw new TemplateError('a value is missing', this.tokens[this.at]?.start ?? this.start);
    return operands;
  }

  private readOperand(token: Token, depth: number): Operand {
    this.at += 1;
    const of = this.readPlain(token, depth);
    const names: string[] = token.kind === 'field' && token.text !== '' ? [token.text] : [];
    for (;;) {
      const next = this.tokens[this.at];
      if (next?.kind !== 'field' || !next.glued || next.text === '') break;
      names.push(next.text);
      this.at += 1;
    }
    return names.length === 0 ? of : { kind: 'chain', of, names };
  }

  private readPlain(token: Token, depth: number): Operand {
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'number') return { kind: 'literal', value: readNumber(token.text) };
    if (token.kind === 'field') return { kind: 'dot' };
    if (token.kind === 'variable') return { kind: 'variable', name: token.text };
    if (token.kind === 'word') return readWord(token.text);
    const pipe = this.read(depth + 1);
    if (!this.take(')')) throw new TemplateError('( is not closed', token.start);
    return { kind: 'pipe', pipe };
  }

  private take(mark: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.at += 1;
    return true;
  }
}

function readNumber(text: string): number {
  const octal = /^[+-]?0o?([0-7]+)$/i.exec(text);
  return octal ? Number.parseInt(octal[1] ?? '', 8) : Number(text);
}

function readWord(word: string): Operand {
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  return word === 'nil' ? { kind: 'literal', value: null } : { kind: 'call', name: word };
}
