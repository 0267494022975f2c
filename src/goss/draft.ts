import type { Position } from '../model.js';
import type { SpecNode } from '../spec/node.js';
import type { Block, BlockLine } from '../spec/yaml-writer.js';
import type { Comments, KeyComments } from './comments.js';
import { type GossEntry, positionIn } from './gossfile.js';
import type { Remark, RemarkKind } from './remarks.js';
import { AssertsNothing, type Kind, NotCarried, type Site } from './site.js';

/** One entry of the spec to be, with its comments. Texts may hold marks of variables, and `${` that is not one. */
export interface Draft {
  readonly resource: string;
  readonly subject: string;
  /** As Goss calls it. */
  readonly id: string;
  readonly position: Position;
  readonly lines: readonly BlockLine[];
  readonly before: readonly string[];
  readonly behind?: string;
  readonly trailing: readonly string[];
  /** Its subject before it was told apart from another entry about the same. */
  readonly subjectBefore?: string;
  /** Comments above its section, if it is the first there. */
  readonly above: readonly string[];
}

/** A variable without a value, and what it is needed as. */
export interface Want {
  readonly source: string;
  readonly as: Kind | { readonly example: string };
}

/** What is collected over all entries. */
export interface Findings {
  readonly remarks: Remark[];
  readonly wants: Want[];
}

/** Collects the lines of one entry, and what is to be said of it. */
export class DraftLines {
  readonly lines: BlockLine[] = [];
  private pending: string[] = [];

  constructor(
    readonly entry: GossEntry,
    private readonly comments: Comments,
    private readonly findings: Findings,
  ) {}

  get position(): Position {
    return positionIn(this.entry.file, this.entry.pair.key.start);
  }

  /** Its name in messages. */
  get label(): string {
    return `${this.entry.type} ${this.entry.id}`;
  }

  remark(kind: RemarkKind, node: { readonly start: number }, text: string): void {
    const position = positionIn(this.entry.file, node.start);
    this.findings.remarks.push({ kind, position, text: `${this.label}: ${text}` });
    if (kind === 'differs') this.pending.push(sayOfGoss(text));
  }

  /** A remark that is the same for many, and so without the name of the one. */
  remarkAll(kind: RemarkKind, node: { readonly start: number }, text: string): void {
    this.findings.remarks.push({ kind, position: positionIn(this.entry.file, node.start), text });
  }

  wants(source: string, as: Want['as']): void {
    this.findings.wants.push({ source, as });
  }

  /** A comment above the next line. */
  say(text: string): void {
    this.pending.push(text);
  }

  add(key: string, value: Block, from?: SpecNode): void {
    const { before, behind } = from ? this.comments.take(from.start) : { before: [], behind: undefined };
    const above = [...before, ...this.pending];
    this.pending = [];
    this.lines.push({
      key,
      value,
      ...(above.length > 0 && { before: above }),
      ...(behind !== undefined && { behind }),
    });
  }

  /** What was not carried over stays as a comment. */
  lose(key: SpecNode, value: SpecNode, reason: string): void {
    const { before, behind } = this.comments.take(key.start);
    this.findings.remarks.push({
      kind: 'lost',
      position: positionIn(this.entry.file, key.start),
      text: `${this.label}: ${sourceOf(key)}: ${reason}`,
    });
    const original = excerpt(this.entry, key, value);
    this.pending.push(...before, `not carried over: ${reason}`, ...original, ...(behind === undefined ? [] : [behind]));
  }

  takeComments(node: SpecNode): KeyComments {
    return this.comments.take(node.start);
  }

  takePending(): string[] {
    const { pending } = this;
    this.pending = [];
    return pending;
  }

  /** What an expectation must know of the place where it stands. */
  site(kind: Kind): Site {
    return {
      kind,
      isJson: this.entry.file.isJson,
      differs: (node, text) => this.remark('differs', node, text),
      note: (node, text) => this.remark('note', node, text),
      wants: (source, as) => this.wants(source, as),
    };
  }

  /** Does the work; what cannot be said, or asserts nothing, is told and left out. */
  attempt(key: SpecNode, value: SpecNode, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof NotCarried) this.lose(key, value, error.message);
      else if (error instanceof AssertsNothing) this.remarkAll('note', key, error.message);
      else throw error;
    }
  }
}

/** A remark as a comment. */
export function sayOfGoss(text: string): string {
  return /\bGoss\b/.test(text) ? text : `Goss: ${text}`;
}

function sourceOf(node: SpecNode): string {
  return node.kind === 'scalar' ? node.source : '';
}

const mostLines = 40;

/** The very text of an attribute or a resource, without its indentation. */
export function excerpt({ file }: GossEntry, key: SpecNode, value: SpecNode): string[] {
  const { text } = file.file;
  const end = value.end > key.start ? value.end : key.end;
  const indent = key.start - (text.lastIndexOf('\n', key.start - 1) + 1);
  const lines = text.slice(key.start, end).trimEnd().split('\n');
  const shown = lines.slice(0, mostLines).map((line, at) => (at === 0 ? line : cutIndent(line, indent)).trimEnd());
  return lines.length > mostLines ? [...shown, `… ${lines.length - mostLines} more lines`] : shown;
}

function cutIndent(line: string, indent: number): string {
  return line.slice(0, indent).trim() === '' ? line.slice(indent) : line;
}
