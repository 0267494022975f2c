import { elementForm, type Matcher, type Matchers } from '../matcher.js';
import type { Argument, Expectation, Value, ValueTypeName } from '../model.js';
import type { ProblemCode } from '../problem.js';
import { valueTypes } from '../value.js';
import { type LiteralForm, readLiteral } from './literal.js';
import { mistakeAt } from './mistake.js';
import { type MapNode, type Pair, type ScalarNode, type SpecNode, setKey, showNode } from './node.js';
import { chooseBranch, type Reader, type Trace } from './per-target.js';
import { hasStandIn } from './stand-in.js';
import { unusableMatcher } from './unknown-name.js';

/** Reads what is expected of a value, with the type of the value. */
export class ExpectationReader {
  constructor(
    private readonly matchers: Matchers,
    private readonly reader: Reader,
  ) {}

  /** One expectation, however deep. Several matchers in one mapping are `and`. @returns undefined after a mistake, or with `trace.skip` */
  read(written: SpecNode, form: LiteralForm, trace: Trace): Expectation | undefined {
    const node = chooseBranch(written, this.reader, trace);
    if (!node) return undefined;
    if (node.kind !== 'map' || !this.isMatchers(node, form)) return this.readShorthand(node, form, trace);
    const read = this.readMatchers(node, form, trace).map(({ expectation }) => expectation);
    const [first] = read;
    return read.length > 1 ? { matcher: 'and', argument: read } : first;
  }

  /** In a mapping on JSON only names of matchers are taken for matchers: anything else is a key, and the mapping a value. */
  private isMatchers(node: MapNode, { type }: LiteralForm): boolean {
    return type !== 'json' || (node.pairs.length > 0 && node.pairs.every(({ key }) => this.isMatcher(key)));
  }

  isMatcher(key: ScalarNode): boolean {
    return this.matchers.has(key.source);
  }

  /** Each matcher of a mapping. Mistakes are told and left out. */
  readMatchers(node: MapNode, form: LiteralForm, trace: Trace): { pair: Pair; expectation: Expectation }[] {
    if (node.pairs.length === 0) this.tell('vacuous-entry', 'an empty mapping asserts nothing', node);
    return node.pairs.flatMap((pair) => {
      const matcher = this.findMatcher(pair, form);
      const argument = matcher && this.readArgument(matcher, pair.value, form, trace);
      return matcher && argument !== undefined ? [{ pair, expectation: { matcher: matcher.name, argument } }] : [];
    });
  }

  /** A value without a matcher: equal; a list means the same elements, or of text the patterns to be found. */
  readShorthand(node: SpecNode, form: LiteralForm, trace: Trace): Expectation | undefined {
    const { type } = form;
    if (type === 'list' && (node.kind === 'list' || (node.kind === 'scalar' && node.value !== null))) {
      const argument = this.readElements(node, form, trace);
      return argument === undefined ? undefined : { matcher: 'consist-of', argument };
    }
    if (type === 'text' && node.kind === 'list') {
      const matcher = this.matchers.get('have-patterns');
      const argument = this.readPatterns(matcher, node, type);
      return argument && { matcher: 'have-patterns', argument };
    }
    if (type === 'map') {
      this.tell('wrong-type', `expected ${valueTypes.map.expects} or matchers, not ${showNode(node)}`, node);
      return undefined;
    }
    const argument = this.literal(form, node);
    if (argument === undefined || !this.isUsable(this.matchers.get('equal'), argument, node, type)) return undefined;
    return { matcher: 'equal', argument };
  }

  private findMatcher({ key }: Pair, { type }: LiteralForm): Matcher | undefined {
    const matcher = this.matchers.get(key.source);
    if (matcher?.types.includes(type)) return matcher;
    this.reader.report(unusableMatcher(key.source, key, this.matchers, type));
    return undefined;
  }

  private readArgument(matcher: Matcher, written: SpecNode, form: LiteralForm, trace: Trace): Argument | undefined {
    const readers: { readonly [shape in Matcher['argument']]: () => Argument | undefined } = {
      value: () => this.literal(form, written),
      string: () => this.literal({ type: 'string' }, written),
      number: () => this.literal({ type: 'number' }, written),
      regexp: () => this.literal({ type: 'string' }, written),
      semver: () => this.literal({ type: 'string' }, written),
      patterns: () => this.readPatterns(matcher, written, form.type),
      length: () => this.readLength(written, trace),
      expectation: () => this.read(written, form, trace),
      expectations: () => this.readSeveral(matcher, written, form, trace),
      element: () => this.read(written, elementForm(form), trace),
      elements: () => this.readElements(written, form, trace, matcher),
      key: () => this.readKey(written, form, trace),
      paths: () => this.readPaths(written, trace),
    };
    const argument = readers[matcher.argument]();
    return argument !== undefined && this.isUsable(matcher, argument, written, form.type) ? argument : undefined;
  }

  private literal(form: LiteralForm, node: SpecNode): Value | undefined {
    return readLiteral(form, node, this.reader.variables, this.reader.report);
  }

  /** What only the matcher knows: whether a regular expression compiles, a range can be read. */
  private isUsable(matcher: Matcher | undefined, argument: Argument, node: SpecNode, type: ValueTypeName): boolean {
    const mistake = matcher?.mistake?.(argument, type);
    // Whether it is one is only known with the secret itself.
    if (mistake !== undefined && hasStandIn(JSON.stringify(argument))) return true;
    if (matcher && mistake !== undefined) this.tell(mistakeCodes[matcher.argument] ?? 'bad-value', mistake, node);
    return mistake === undefined;
  }

  private readPatterns(
    matcher: Matcher | undefined,
    written: SpecNode,
    type: ValueTypeName,
  ): readonly Value[] | undefined {
    const node = this.reader.variables.resolveAll(written);
    if (!node) return undefined;
    const items = node.kind === 'list' ? node.items : [node];
    if (items.length === 0) {
      this.tell('vacuous-entry', 'an empty list of patterns asserts nothing', node, emptyHint);
      return undefined;
    }
    const patterns = items.map((item) => {
      const text = this.literal({ type: 'string' }, item);
      return text !== undefined && this.isUsable(matcher, [text], item, type) ? text : undefined;
    });
    return whole(patterns);
  }

  private readLength(written: SpecNode, trace: Trace): Argument | undefined {
    return written.kind === 'map'
      ? this.read(written, { type: 'number' }, trace)
      : this.literal({ type: 'number' }, written);
  }

  private readSeveral(matcher: Matcher, written: SpecNode, form: LiteralForm, trace: Trace): Argument | undefined {
    const items = this.listOf(matcher, written);
    if (!items) return undefined;
    return whole(items.map((item) => this.read(item, form, trace)));
  }

  private listOf(matcher: Matcher, written: SpecNode): readonly SpecNode[] | undefined {
    const node = this.reader.variables.resolve(written);
    if (!node) return undefined;
    if (node.kind !== 'list') {
      this.tell('wrong-type', `expected a list of what is expected, not ${showNode(node)}`, node);
      return undefined;
    }
    if (node.items.length > 0) return node.items;
    this.tell('vacuous-entry', `\`${matcher.name}\` of nothing asserts nothing`, node);
    return undefined;
  }

  /** Literals and expectations, mixed. No elements at all is something to expect, but of `consist-of` alone. */
  private readElements(written: SpecNode, form: LiteralForm, trace: Trace, matcher?: Matcher): Argument | undefined {
    const node = this.reader.variables.resolveAll(written);
    if (!node) return undefined;
    const items = node.kind === 'list' ? node.items : [node];
    if (items.length === 0 && matcher && matcher.name !== 'consist-of') {
      this.tell('vacuous-entry', `\`${matcher.name}\` of nothing asserts nothing`, node);
      return undefined;
    }
    const element = elementForm(form);
    return whole(items.map((item) => this.read(item, element, trace)));
  }

  /** Where keys are in lower case, one that is written otherwise would never be found, and under `not` never missed. */
  private readKey(written: SpecNode, { lowerCaseKeys }: LiteralForm, trace: Trace): Argument | undefined {
    const key = this.read(written, { type: 'string' }, trace);
    return key && lowerCaseKeys ? ignoreCase(key) : key;
  }

  private readPaths(written: SpecNode, trace: Trace): Argument | undefined {
    const node = this.reader.variables.resolve(written);
    if (!node) return undefined;
    if (node.kind !== 'map' || node.pairs.length === 0) {
      const message = `expected a mapping of paths to what is expected there, not ${showNode(node)}`;
      this.tell(node.kind === 'map' ? 'vacuous-entry' : 'wrong-type', message, node);
      return undefined;
    }
    const paths: Record<string, Argument> = {};
    for (const pair of node.pairs) {
      const key = this.reader.variables.resolveKey(pair.key);
      const expectation = this.read(pair.value, { type: 'json' }, trace);
      if (!key || !expectation) return undefined;
      setKey(paths, key.source, expectation as Argument);
    }
    return paths;
  }

  private tell(code: ProblemCode, message: string, node: SpecNode, hint?: string): void {
    this.reader.report(mistakeAt(code, message, node, hint));
  }
}

const mistakeCodes: { readonly [shape in Matcher['argument']]?: ProblemCode } = {
  regexp: 'bad-regexp',
  patterns: 'bad-regexp',
  semver: 'bad-range',
};

const emptyHint = 'for empty text write ""';

/** All of them, or nothing where one could not be read. */
function whole<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.every((item) => item !== undefined) ? (items as readonly T[]) : undefined;
}

/** The same of a text that is in lower case. */
function ignoreCase({ matcher, argument }: Expectation): Expectation {
  const ignore = (inner: Argument): Argument => {
    if (typeof inner === 'string') return matcher === 'match-regexp' ? `(?i)${inner}` : inner.toLowerCase();
    if (Array.isArray(inner)) return inner.map(ignore);
    return inner !== null && typeof inner === 'object' && 'matcher' in inner ? ignoreCase(inner as Expectation) : inner;
  };
  return { matcher, argument: ignore(argument) };
}
