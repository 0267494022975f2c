// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import { mistakeAt, nearest, type Report, suggest } from './mistake.js';
import { mostNodes, type Pair, type Place, type ScalarNode, type SpecFile, type SpecNode } from './node.js';

/** Where the values of variables come from, for one target. */
export interface VariableSources {
  /** By name; the last file that defines one wins, which is the file that includes the others. */
  readonly defined: ReadonlyMap<string, SpecNode>;
  readonly env: NodeJS.ProcessEnv;
  /** What stands for each secret: its value, or a stand-in. Without it, no secret can stand here. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** Names that a broken file may define: a name that is missing is not told then. */
  readonly incomplete: boolean;
}

/** The longest text that variables may grow to. */
const longestText = 1024 * 1024;

/** `$${` is a literal `${`; what is not closed is found too, to be told. */
const reference = /\$\$\{|\$\{([^{}]*)(\}?)/g;

const namePattern = /^(env\.[A-Za-z_][A-Za-z0-9_]*|[A-Za-z_][A-Za-z0-9_.-]*)$/;

/** Puts the values of variables in the place of `${name}`. Mistakes are told once for each place. */
export class Variables {
  private readonly known = new Map<string, SpecNode | undefined>();
  private readonly open: string[] = [];

  constructor(
    private readonly sources: VariableSources,
    private readonly report: Report,
    private readonly inner: ReadonlyMap<string, SpecNode> = new Map(),
    private readonly outer?: Variables,
  ) {}

  /** These and, on top of them, the values of `for-each`. What the outer ones mean does not depend on the inner ones. */
  with(inner: ReadonlyMap<string, SpecNode>): Variables {
    return new Variables(this.sources, this.report, inner, this);
  }

  /** The same values, for a look at what must not be complained of. */
  silent(): Variables {
    return new Variables(this.sources, () => {}, this.inner, this.outer?.silent());
  }

  /**
   * One node: a text that is a single `${name}` becomes the variable's value, whatever its type; in a longer text the
   * value stands as text. Lists and mappings are left as they are.
   * @returns undefined after a mistake was told
   */
  resolve(node: SpecNode): SpecNode | undefined {
    if (node.kind !== 'scalar' || !hasVariables(node)) return node;
    const whole = /^\$\{([^{}]*)\}$/.exec(node.source)?.[1];
    if (whole === undefined) return this.fill(node, node.source);
    const value = this.lookUp(whole, node);
    const { file, start, end } = node;
    return value && { ...value, file, start, end };
  }

  /** A node and all that is in it, keys too. What could not be resolved is left out, after it was told. */
  resolveAll(node: SpecNode): SpecNode | undefined {
    const resolved = this.resolve(node);
    if (resolved !== node || node.kind === 'scalar') return resolved;
    return node.kind === 'list' ? this.resolveItems(node) : this.resolvePairs(node);
  }

  /** A key. @returns undefined after a mistake was told */
  resolveKey(key: ScalarNode): ScalarNode | undefined {
    if (!hasVariables(key)) return key;
    const resolved = this.fill(key, key.source);
    return resolved?.kind === 'scalar' ? resolved : undefined;
  }

  /** Variables that mean themselves, used or not; of others only what is used is looked at. */
  tellCycles(): void {
    const done = new Set<string>();
    for (const [name, node] of this.sources.defined) {
      if (!done.has(name) && this.leadsToItself(name, done)) this.valueOf(name, node);
    }
  }

  private leadsToItself(name: string, done: Set<string>, way: readonly string[] = []): boolean {
    if (way.includes(name)) return true;
    if (done.has(name)) return false;
    const node = this.sources.defined.get(name);
    const turns =
      node !== undefined && referencesOf(node).some((next) => this.leadsToItself(next, done, [...way, name]));
    done.add(name);
    return turns;
  }

  private resolveItems(node: SpecNode & { kind: 'list' }): SpecNode {
    const items = node.items.map((item) => this.resolveAll(item));
    if (items.every((item, at) => item === node.items[at])) return node;
    // `[a, ${others}]`: the elements of a list that stands in a list.
    const resolved = items.flatMap((item, at) =>
      item?.kind === 'list' && node.items[at]?.kind === 'scalar' ? item.items : item ? [item] : [],
    );
    return { ...node, items: resolved, size: sizeOf(resolved) };
  }

  private resolvePairs(node: SpecNode & { kind: 'map' }): SpecNode {
    const pairs = node.pairs.map((pair) => this.resolvePair(pair));
    if (pairs.every((pair, at) => pair === node.pairs[at])) return node;
    const resolved = pairs.filter((pair) => pair !== undefined);
    return { ...node, pairs: resolved, size: sizeOf(resolved.map(({ value }) => value)) };
  }

  private resolvePair(pair: Pair): Pair | undefined {
    const key = this.resolveKey(pair.key);
    const value = this.resolveAll(pair.value);
    if (key === pair.key && value === pair.value) return pair;
    return key && value && { key, value };
  }

  private fill(node: ScalarNode, text: string): SpecNode | undefined {
    let failed = false;
    let secret = false as boolean;
    const filled = text.replace(reference, (written, name: string | undefined, close: string) => {
      if (name === undefined) return '${';
      const value = close === '}' ? this.lookUpText(name, node) : this.tellUnclosed(node, written);
      if (value === undefined) failed = true;
      if (value?.secret) secret = true;
      return value?.source ?? '';
    });
    if (failed) return undefined;
    const filledIn = { ...node, value: filled, source: filled, final: true, ...(secret && { secret }) } as const;
    if (filled.length <= longestText) return filledIn;
    this.report(mistakeAt('too-large', 'with its variables this text is longer than 1 MiB', node));
    return undefined;
  }

  private tellUnclosed(node: ScalarNode, written: string): undefined {
    const hint = 'a variable is `${name}`; `$${` is a literal `${`';
    this.report(mistakeAt('bad-variable', 'the `}` of a variable is missing', placeIn(node, written), hint));
  }

  private lookUpText(name: string, node: ScalarNode): ScalarNode | undefined {
    const value = this.lookUp(name, node);
    if (!value) return undefined;
    if (value.kind === 'scalar' && value.value !== null) return value;
    const what = value.kind === 'scalar' ? 'has no value' : `is a ${value.kind === 'list' ? 'list' : 'mapping'}`;
    const message = `the variable ${JSON.stringify(name)} ${what}, and so cannot stand inside a text`;
    this.report(mistakeAt('bad-variable', message, placeIn(node, `\${${name}}`)));
    return undefined;
  }

  private lookUp(name: string, node: ScalarNode): SpecNode | undefined {
    const place = placeIn(node, `\${${name}}`);
    if (!namePattern.test(name)) {
      const hint = 'for a literal `${` (of a shell, say) write `$${`';
      this.report(mistakeAt('undefined-variable', `${JSON.stringify(name)} is no name of a variable`, place, hint));
      return undefined;
    }
    if (name.startsWith('secret.')) return this.lookUpSecret(name.slice('secret.'.length), place);
    const own = this.inner.get(name);
    if (own) return this.bound(own, place);
    if (this.outer && this.sources.defined.has(name)) return this.outer.lookUp(name, node);
    if (name.startsWith('env.')) return this.lookUpEnvironment(name.slice(4), place);
    if (!this.sources.defined.has(name)) this.tellUndefined(name, place);
    return this.valueOf(name, place);
  }

  private lookUpEnvironment(name: string, place: Place): SpecNode | undefined {
    const value = this.sources.env[name];
    if (value !== undefined) return plainScalar(value, place);
    this.report(mistakeAt('undefined-variable', `the environment variable ${name} is not set`, place));
    return undefined;
  }

  /** A secret is text, also where it looks like a number. */
  private lookUpSecret(name: string, place: Place): SpecNode | undefined {
    const { secrets, incomplete } = this.sources;
    const text = secrets?.get(name);
    if (text !== undefined) {
      const { file, start, end } = place;
      return { kind: 'scalar', value: text, source: text, size: 1, final: true, secret: true, file, start, end };
    }
    if (!secrets) {
      const message = 'a secret cannot stand here: how a target is reached, and where a secret comes from, is shown';
      this.report(mistakeAt('bad-secret', message, place));
    } else if (!incomplete) {
      const hint = suggestSecret(name, [...secrets.keys()]) ?? 'define it under `secrets`';
      this.report(mistakeAt('undefined-secret', `there is no secret ${JSON.stringify(name)}`, place, hint));
    }
    return undefined;
  }

  private tellUndefined(name: string, place: Place): void {
    if (this.sources.incomplete) return;
    const names = [...this.inner.keys(), ...this.sources.defined.keys()];
    const hint =
      suggest(name, names, 'variables are') ?? 'define it under `vars`, or by `--var`; `$${` is a literal `${`';
    this.report(mistakeAt('undefined-variable', `there is no variable ${JSON.stringify(name)}`, place, hint));
  }

  /** Each variable is worked out once, so that its own mistakes are told once and a chain of them costs little. */
  private valueOf(name: string, place: Place): SpecNode | undefined {
    if (this.known.has(name)) return this.known.get(name);
    const written = this.sources.defined.get(name);
    if (!written) return undefined;
    if (this.open.includes(name)) {
      const way = [...this.open.slice(this.open.indexOf(name)), name].join(' → ');
      this.report(mistakeAt('bad-variable', `the variable ${JSON.stringify(name)} means itself`, place, way));
      return undefined;
    }
    this.open.push(name);
    const value = this.bound(this.resolveAll(written), place);
    this.open.pop();
    this.known.set(name, value);
    return value;
  }

  private bound(value: SpecNode | undefined, place: Place): SpecNode | undefined {
    if (!value || value.size <= mostNodes) return value;
    this.report(mistakeAt('too-large', `what it means grows to more than ${mostNodes} values`, place));
    return undefined;
  }
}

/** Their names are mostly in upper case, which is no part of being near. */
function suggestSecret(name: string, names: readonly string[]): string | undefined {
  const plain = new Map(names.map((one) => [one.toLowerCase().replaceAll('_', '-'), one]));
  const near = nearest(name, [...plain.keys()]);
  return near === undefined ? suggest(name, names, 'secrets are') : `did you mean "${plain.get(near)}"?`;
}

/** Text is filled once only: what a value brings in is never taken for a variable. */
function hasVariables({ value, source, final }: ScalarNode): boolean {
  return !final && typeof value === 'string' && source.includes('${');
}

/** The names of the variables in a node. */
export function referencesOf(node: SpecNode): readonly string[] {
  if (node.kind === 'list') return node.items.flatMap(referencesOf);
  if (node.kind === 'map')
    return node.pairs.flatMap(({ key, value }) => [...referencesOf(key), ...referencesOf(value)]);
  if (!hasVariables(node)) return [];
  return [...node.source.matchAll(reference)].flatMap(([, name]) => name ?? []);
}

function sizeOf(nodes: readonly SpecNode[]): number {
  return nodes.reduce((size, node) => size + node.size, 1);
}

/** The very characters of a reference inside a scalar; the whole scalar where it is not written plainly there. */
function placeIn(node: ScalarNode, written: string): Place {
  const start = node.file.text.indexOf(written, node.start);
  if (start < 0 || start >= node.end) return node;
  return { file: node.file, start, end: start + written.length };
}

/** A value from outside, read as YAML reads a plain scalar: numbers and booleans keep their characters too. */
export function plainScalar(text: string, { file, start, end }: Place): ScalarNode {
  const value = /^(true|false)$/i.test(text)
    ? text.toLowerCase() === 'true'
    : /^[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(text)
      ? Number(text)
      : text;
  return { kind: 'scalar', value, source: text, size: 1, final: true, file, start, end };
}

/** A file that holds nothing, for values that stand in none: `--var`. */
export function nowhere(name: string): Place {
  const file: SpecFile = { name, path: '', folder: '.', text: '', lines: [0] };
  return { file, start: 0, end: 0 };
}
