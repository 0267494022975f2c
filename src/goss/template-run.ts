import { findFunction } from './template-functions.js';
import {
  type Branch,
  isJump,
  type Operand,
  type Pipe,
  parseTemplate,
  type Span,
  type TemplateNode,
  type Work,
} from './template-tree.js';
import {
  force,
  type GoValue,
  Hole,
  isList,
  isMapping,
  isTrue,
  NotPlain,
  printValue,
  variableName,
} from './template-value.js';

/** What templates may know. */
export interface TemplateData {
  readonly vars: { readonly [name: string]: GoValue };
  readonly env: NodeJS.ProcessEnv;
}

/** Written in place of what is not known: a variable of the spec, or something that could not be carried over. */
export const holeMark = '\uE0F0';
export const gapMark = '\uE0F1';
export const markEnd = '\uE0F2';
/** Begins a variable of the spec that the import itself puts there. */
export const variableStart = '\uE0F3';
export const anyMark = /[\uE0F0-\uE0F3]/;

/** What a gossfile says after its template was worked out. */
export interface Rendered {
  readonly text: string;
  /** Their names stand between `holeMark` and `markEnd`. */
  readonly holes: readonly PlacedHole[];
  /** What could not be worked out: `gapMark` and `markEnd` stand there, or a comment. */
  readonly gaps: readonly Gap[];
  /** The offset in the template that an offset in the text comes from. */
  sourceOf(offset: number): number;
}

export interface PlacedHole {
  readonly hole: Hole;
  /** Offset of the action in the template. */
  readonly start: number;
}

export interface Gap extends Span {
  readonly reason: string;
}

const longestOutput = 4 * 1024 * 1024;
const mostSteps = 1_000_000;

/**
 * Works out a template of Go as far as it is plain: what depends on values that nobody gave stays a variable of the spec
 * where it is only printed, and is told and kept as a comment where more hangs on it. Pure.
 * @throws TemplateError where the template itself is wrong
 */
export function renderTemplate(source: string, data: TemplateData): Rendered {
  return new TemplateRun(source, data).render();
}

class TemplateRun {
  private readonly pieces: { readonly at: number; readonly source: number; readonly moves: boolean }[] = [];
  private readonly holes: PlacedHole[] = [];
  private readonly gaps: Gap[] = [];
  private readonly root: GoValue;
  private text: string[] = [];
  private length = 0;
  private steps = 0;
  /** Where the action stands that is at work. */
  private current = 0;
  private scopes: Map<string, GoValue>[] = [];
  private dot: GoValue;

  constructor(
    private readonly source: string,
    private readonly data: TemplateData,
  ) {
    const env = Object.fromEntries(
      Object.entries(data.env).map(([name, value]) => [name, new Hole(`env.${name}`, value)]),
    );
    this.root = { Vars: data.vars, Env: env };
    this.dot = this.root;
  }

  render(): Rendered {
    this.scopes = [new Map([['$', this.root]])];
    this.runAll(parseTemplate(this.source));
    const { pieces } = this;
    return {
      text: this.text.join(''),
      holes: this.holes,
      gaps: this.gaps,
      sourceOf: (offset) => {
        let [low, high] = [0, pieces.length - 1];
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if ((pieces[middle]?.at ?? 0) <= offset) low = middle;
          else high = middle - 1;
        }
        const piece = pieces[low];
        return piece ? piece.source + (piece.moves ? offset - piece.at : 0) : 0;
      },
    };
  }

  private write(text: string, source: number, moves: boolean): void {
    if (text === '') return;
    this.pieces.push({ at: this.length, source, moves });
    this.text.push(text);
    this.length += text.length;
    if (this.length > longestOutput) throw new NotPlain('it grows to more than any gossfile needs to be');
  }

  /** @returns how it ended: `break` and `continue` end the bodies they stand in */
  private runAll(nodes: readonly TemplateNode[]): 'break' | 'continue' | undefined {
    for (const node of nodes) {
      this.steps += 1;
      if (this.steps > mostSteps) throw new NotPlain('it takes too many steps');
      const ended = isJump(node) ? node.kind : this.run(node);
      if (ended) return ended;
    }
    return undefined;
  }

  private run(node: Work): 'break' | 'continue' | undefined {
    if (node.kind === 'text') this.write(node.text, node.start, true);
    else if (node.kind === 'strange') this.leaveGap(node, `{{ ${node.word} }} is not carried over`);
    else if (node.kind === 'print') this.guard(node, () => this.print(node.pipe, node.start));
    else return this.runBranch(node);
    return undefined;
  }

  /** What is not plain is told once, and stays as it was. */
  private guard<T>(span: Span, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const known = error instanceof NotPlain || (error instanceof Error && error.message.startsWith('not a regular'));
      if (!known || this.length > longestOutput || this.steps > mostSteps) throw error;
      this.leaveGap(span, error.message);
      return undefined;
    }
  }

  /** A block on lines of its own becomes a comment; elsewhere a mark, so that what it stands in is told and left out. */
  private leaveGap({ start, end }: Span, reason: string): void {
    this.gaps.push({ start, end, reason });
    const lineStart = this.source.lastIndexOf('\n', start - 1) + 1;
    const ownLine = this.source.slice(lineStart, start).trim() === '' && /^[ \t\r]*(\n|$)/.test(this.source.slice(end));
    if (!ownLine) {
      this.write(`${gapMark}${markEnd}`, start, false);
      return;
    }
    const lines = this.source.slice(start, end).split('\n');
    const written = lines.map((line, at) => `${at === 0 ? '' : '\n'}# ${line.trimEnd()}`).join('');
    this.write(
      /[^\n]$/.test(this.text.at(-1)?.trimEnd() ?? '') && this.startsLate() ? `\n${written}` : written,
      start,
      false,
    );
  }

  /** White space was trimmed away before it: a comment needs a line of its own. */
  private startsLate(): boolean {
    return !/(^|\n)[ \t]*$/.test(this.text.at(-1) ?? '');
  }

  private print(pipe: Pipe, start: number): void {
    this.current = start;
    const value = this.evaluate(pipe);
    if (pipe.names.length === 0) this.write(this.show(value), start, false);
  }

  private show(value: GoValue): string {
    if (!(value instanceof Hole)) return printValue(value);
    this.holes.push({ hole: value, start: this.current });
    return `${holeMark}${variableName(value)}${markEnd}`;
  }

  private runBranch(node: Branch): 'break' | 'continue' | undefined {
    this.scopes.push(new Map());
    const before = this.dot;
    try {
      const chosen = this.guard(node, () => (node.kind === 'range' ? this.listItems(node.pipe) : this.choose(node)));
      if (!chosen) return undefined;
      if (Array.isArray(chosen)) return this.runRange(node, chosen);
      return this.runAll(chosen.nodes);
    } finally {
      this.dot = before;
      this.scopes.pop();
    }
  }

  private choose(node: Branch): { nodes: readonly TemplateNode[] } {
    const value = this.evaluate(node.pipe);
    const holds = isTrue(value);
    if (holds && node.kind === 'with') this.dot = value;
    return { nodes: holds ? node.body : node.otherwise };
  }

  private listItems(pipe: Pipe): [GoValue, GoValue][] {
    const value = force(this.evaluate({ ...pipe, names: [] }));
    if (isList(value)) return value.map((item, at) => [at, item]);
    if (isMapping(value))
      return Object.keys(value)
        .sort()
        .map((key) => [key, value[key]]);
    if (typeof value === 'number')
      return Array.from({ length: Math.max(0, Math.min(value, mostSteps)) }, (_, at) => [at, at]);
    if (value === undefined || value === null) return [];
    throw new NotPlain(`{{ range }} over ${JSON.stringify(printValue(value))}, which has no elements`);
  }

  private runRange(node: Branch, items: readonly [GoValue, GoValue][]): undefined {
    const [first, second] = node.pipe.names;
    if (items.length === 0) this.runAll(node.otherwise);
    for (const [key, item] of items) {
      if (second !== undefined && first !== undefined) this.declare(first, key);
      const name = second ?? first;
      if (name !== undefined) this.declare(name, item);
      this.dot = item;
      if (this.runAll(node.body) === 'break') break;
    }
    return undefined;
  }

  private declare(name: string, value: GoValue): void {
    this.scopes.at(-1)?.set(name, value);
  }

  private evaluate(pipe: Pipe): GoValue {
    let value: GoValue;
    for (const [at, operands] of pipe.commands.entries()) value = this.command(operands, at === 0 ? [] : [value]);
    const [name] = pipe.names;
    if (name !== undefined && pipe.assigns) this.assign(name, value);
    else if (name !== undefined) this.declare(name, value);
    return value;
  }

  private assign(name: string, value: GoValue): void {
    const scope = this.scopes.findLast((one) => one.has(name));
    if (!scope) throw new NotPlain(`there is no variable ${name}`);
    scope.set(name, value);
  }

  private command(operands: readonly Operand[], piped: readonly GoValue[]): GoValue {
    const [first, ...rest] = operands;
    if (!first) return piped[0];
    if (first.kind !== 'call') {
      if (rest.length > 0 || piped.length > 0) throw new NotPlain('a value is no function that takes arguments');
      return this.operand(first);
    }
    if (first.name === 'and' || first.name === 'or') return this.shortCircuit(first.name, rest, piped);
    return this.call(first.name, [...rest.map((one) => this.operand(one)), ...piped]);
  }

  private shortCircuit(name: 'and' | 'or', operands: readonly Operand[], piped: readonly GoValue[]): GoValue {
    let value: GoValue;
    for (const operand of operands) {
      value = this.operand(operand);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  private call(name: string, args: readonly GoValue[]): GoValue {
    if (name === 'index' || name === 'get' || name === 'dig') return this.index(args);
    if (name === 'getEnv' || name === 'env') return this.environment(printValue(args[0]), args[1]);
    if (name === 'default' && args[1] instanceof Hole && args[1].value === undefined) {
      return new Hole(args[1].name, printValue(args[0]));
    }
    if (name === 'quote' && args[0] instanceof Hole) return `"${this.show(args[0])}"`;
    if (name === 'squote' && args[0] instanceof Hole) return `'${this.show(args[0])}'`;
    if (name === 'printf' || name === 'print') return findFunction(name)(...args.map((arg) => this.showHole(arg)));
    return findFunction(name)(...args.map((arg) => this.settle(arg)));
  }

  private showHole(value: GoValue): GoValue {
    return value instanceof Hole ? this.show(value) : value;
  }

  /** A text that a variable was already printed into: to be worked with it needs its value. */
  private settle(value: GoValue): GoValue {
    if (typeof value !== 'string' || !value.includes(holeMark)) return value;
    return value.replace(new RegExp(`${holeMark}([^${markEnd}]*)${markEnd}`, 'g'), (_, name: string) => {
      const placed = this.holes.find(({ hole }) => variableName(hole) === name);
      return placed ? printValue(placed.hole) : '';
    });
  }

  private index([value, ...keys]: readonly GoValue[]): GoValue {
    return keys.reduce<GoValue>((inner, key) => this.elementOf(inner, force(this.settle(key))), value);
  }

  /** Unlike a field, a key that is not there gives nothing, once there are variables at all. */
  private elementOf(value: GoValue, key: GoValue): GoValue {
    const given = value !== this.data.vars || Object.keys(this.data.vars).length > 0;
    if (value === undefined || value === null) throw new NotPlain(`nothing has no ${printValue(key)}`);
    return given && isMapping(value) && !Object.hasOwn(value, printValue(key)) ? undefined : this.member(value, key);
  }

  private member(value: GoValue, key: GoValue): GoValue {
    if (value instanceof Hole) return value.at(printValue(key));
    if (isList(value)) {
      const item = value[Number(key)];
      if (item === undefined) throw new NotPlain(`there is no element ${printValue(key)}`);
      return item;
    }
    if (!isMapping(value)) throw new NotPlain(`${printValue(value)} has no ${printValue(key)}`);
    const name = printValue(key);
    if (Object.hasOwn(value, name)) return value[name];
    if (value === this.data.vars) return new Hole(name);
    if (isMapping(this.root) && value === this.root.Env) return new Hole(`env.${name}`);
    throw new NotPlain(`there is no ${name} in what --vars gives`);
  }

  private environment(name: string, fallback: GoValue): GoValue {
    const value = this.data.env[name];
    if (fallback === undefined) return new Hole(`env.${name}`, value);
    // A spec has no default for what the environment may hold, but `--var` can say it.
    return new Hole(name, value === undefined || value === '' ? printValue(fallback) : value);
  }

  private operand(operand: Operand): GoValue {
    if (operand.kind === 'literal') return operand.value;
    if (operand.kind === 'dot') return this.dot;
    if (operand.kind === 'pipe') return this.evaluate(operand.pipe);
    if (operand.kind === 'call') return this.call(operand.name, []);
    if (operand.kind === 'chain') {
      return operand.names.reduce<GoValue>((value, name) => this.member(value, name), this.operand(operand.of));
    }
    const scope = this.scopes.findLast((one) => one.has(operand.name));
    if (!scope) throw new NotPlain(`there is no variable ${operand.name}`);
    return scope.get(operand.name);
  }
}
