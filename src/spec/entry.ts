import type { Matchers } from '../matcher.js';
import type { Entry, EntryOptions, Value } from '../model.js';
import { currentName, type Resource, settleTypes } from '../resource.js';
import type { Defaults } from './defaults.js';
import { flow } from './flow.js';
import { readScopes } from './for-each.js';
import { entryKeys } from './keys.js';
import { readLiteral } from './literal.js';
import { mistakeAt, positionOf, suggest } from './mistake.js';
import type { Needs } from './needs.js';
import { type MapNode, type Pair, type ScalarNode, type SpecNode, showNode, valueAt } from './node.js';
import type { Reader } from './per-target.js';
import { PropertyReader } from './property.js';
import { hasStandIn } from './stand-in.js';
import { unknownProperty } from './unknown-name.js';
import type { Variables } from './variables.js';
import { readWaiver } from './waiver.js';

/** Seconds between looks, where `every` is not given, and the shortest. */
const everySecond = 1;
const shortestEvery = 0.1;

/** Reads the entries of one resource type. */
export class EntryReader {
  private readonly properties: PropertyReader;
  private mistakes = 0;
  private readonly reader: Reader;

  constructor(
    private readonly resource: Resource,
    private readonly matchers: Matchers,
    private readonly outer: Reader,
    private readonly defaults: Defaults,
    private readonly needs: Needs,
  ) {
    this.reader = {
      ...outer,
      report: (problem) => {
        this.mistakes += 1;
        outer.report(problem);
      },
    };
    this.properties = new PropertyReader(resource, matchers, this.reader);
  }

  /** One entry, or several with `for-each`; none where it is not for the target, or where mistakes leave nothing of it. */
  read(pair: Pair): Entry[] {
    const body = this.reader.variables.resolve(pair.value);
    if (!body) return [];
    if (body.kind !== 'map') {
      this.tellNoBody(pair, body);
      return [];
    }
    const resolved = { key: pair.key, value: body };
    if (!this.isForTarget(body)) {
      this.noteElsewhere(resolved);
      return [];
    }
    return readScopes(resolved, this.reader).flatMap((variables) => this.within(variables).readOne(pair, body) ?? []);
  }

  /** The same with the variables of a `for-each`. */
  private within(variables: Variables): EntryReader {
    if (variables === this.reader.variables) return this;
    return new EntryReader(this.resource, this.matchers, { ...this.outer, variables }, this.defaults, this.needs);
  }

  private noteElsewhere(pair: Pair): void {
    const silent = { ...this.outer, report: () => {}, variables: this.outer.variables.silent() };
    for (const variables of readScopes(pair, silent)) {
      const reader = new EntryReader(this.resource, this.matchers, { ...silent, variables }, this.defaults, this.needs);
      const subject = reader.readSubject(pair.key);
      if (subject !== undefined) this.needs.noteElsewhere(this.resource.name, subject);
    }
  }

  private readOne(pair: Pair, body: MapNode): Entry | undefined {
    const before = this.mistakes;
    const subject = this.readSubject(pair.key);
    if (subject === undefined) return undefined;
    const defaults = this.defaults.valuesFor(pair.key.file, this.resource);
    const params: Record<string, Value> = { ...defaults.params };
    const expectations = this.paramsFirst(body.pairs).flatMap(({ key, value }) => this.readKey(key, value, params));
    if (!this.hasRequired(pair, body, params)) return undefined;
    if (expectations.length === 0) {
      // A property whose value could not be read was told, or depends on a file that could not be read.
      const tried = body.pairs.some(({ key }) => this.isProperty(key.source));
      if (!tried && this.mistakes === before) this.tellVacuous(pair, body);
      return undefined;
    }
    const timeout = this.seconds(body, 'timeout', defaults.options);
    const entry: Entry = {
      resource: this.resource.name,
      subject,
      params,
      ...(timeout !== undefined && { timeout }),
      options: this.readOptions(body, defaults.options),
      expectations,
      position: positionOf(pair.key),
    };
    const needed = this.readNeeds(body);
    if (needed.length > 0) this.needs.note(entry, needed);
    return entry;
  }

  private readNeeds(body: MapNode): readonly ScalarNode[] {
    const written = valueAt(body, 'needs');
    const node = written && this.reader.variables.resolveAll(written);
    if (!node || this.literal(entryKeys.needs, node) === undefined) return [];
    const places = node.kind === 'list' ? node.items : [node];
    if (places.length === 0) this.reader.report(mistakeAt('bad-value', '`needs` names no entry', node));
    return places.filter((place) => place.kind === 'scalar');
  }

  /** The type of a property may be that of a parameter's value. */
  private paramsFirst(pairs: readonly Pair[]): readonly Pair[] {
    const isParam = ({ key }: Pair) => Object.hasOwn(this.resource.params, key.source);
    return [...pairs.filter(isParam), ...pairs.filter((pair) => !isParam(pair))];
  }

  private hasRequired({ key }: Pair, body: MapNode, params: Entry['params']): boolean {
    const { params: table } = this.resource;
    const missing = Object.keys(table).filter((name) => table[name]?.required && !Object.hasOwn(params, name));
    // What is written and could not be read was told.
    for (const name of missing.filter((name) => !valueAt(body, name))) {
      const message = `${JSON.stringify(key.source.slice(0, 100))} has no \`${name}\``;
      const hint = `for example ${flow({ [name]: table[name]?.example ?? null })}`;
      this.reader.report(mistakeAt('missing-key', message, key, hint));
    }
    return missing.length === 0;
  }

  private propertiesFor(params: Entry['params']): PropertyReader {
    const settled = settleTypes(this.resource, params);
    return settled === this.resource ? this.properties : new PropertyReader(settled, this.matchers, this.reader);
  }

  private readSubject(written: ScalarNode): string | undefined {
    const { subject } = this.resource;
    if (subject.none) return '';
    const key = this.reader.variables.resolveKey(written);
    if (!key) return undefined;
    const fits = !subject.pattern || subject.pattern.test(key.source) || hasStandIn(key.source);
    if (fits) return subject.normalize?.(key.source) ?? key.source;
    const name = this.resource.name;
    const message = `${JSON.stringify(key.source.slice(0, 100))} cannot be the subject of \`${name}\`: ${subject.mistake ?? `expected ${subject.summary}`}`;
    this.reader.report(mistakeAt('bad-subject', message, key, `for example ${subject.example}`));
    return undefined;
  }

  private readKey(key: ScalarNode, value: SpecNode, params: Record<string, Value>) {
    const name = key.source;
    const { properties } = this.resource;
    const param = Object.hasOwn(this.resource.params, name) ? this.resource.params[name] : undefined;
    if (Object.hasOwn(entryKeys, name)) return [];
    if (param) {
      const read = this.literal(param, value);
      if (read !== undefined) params[currentName(this.resource.params, name)] = read;
      return [];
    }
    if (this.isProperty(name)) return this.propertiesFor(params).read([currentName(properties, name)], key, value);
    const known = [
      ...Object.keys(properties),
      ...Object.keys(this.resource.params),
      ...Object.keys(entryKeys),
      'exists',
    ];
    this.reader.report(unknownProperty(this.resource.name, name, key, known));
    return [];
  }

  private isProperty(name: string): boolean {
    return name === 'exists' || Object.hasOwn(this.resource.properties, name);
  }

  private isForTarget(body: MapNode): boolean {
    const only = this.readTargets(body, 'only');
    const except = this.readTargets(body, 'except');
    const { target } = this.reader;
    return (only?.includes(target) ?? true) && !except?.includes(target);
  }

  private readTargets(body: MapNode, key: 'only' | 'except'): readonly string[] | undefined {
    const written = valueAt(body, key);
    const node = written && this.reader.variables.resolveAll(written);
    if (!node) return undefined;
    const names = this.literal(entryKeys[key], node);
    if (!Array.isArray(names)) return undefined;
    const places = node.kind === 'list' ? node.items : [node];
    if (names.length === 0) this.reader.report(mistakeAt('bad-value', `\`${key}\` names no target`, node));
    for (const [at, name] of names.entries()) this.checkTarget(String(name), places[at] ?? node);
    return names.map(String);
  }

  private checkTarget(name: string, place: SpecNode): void {
    const names = this.reader.targetNames;
    if (names.has(name)) return;
    const hint = suggest(name, [...names], 'targets are');
    this.reader.report(mistakeAt('undefined-target', `there is no target ${JSON.stringify(name)}`, place, hint));
  }

  private readOptions(body: MapNode, defaults: ReadonlyMap<string, Value>): EntryOptions {
    const title = this.option(body, 'title');
    const skip = this.option(body, 'skip');
    const tags = [defaults.get('tags'), this.option(body, 'tags')].flatMap((list) => (Array.isArray(list) ? list : []));
    const severity = this.option(body, 'severity') ?? defaults.get('severity');
    const waive = readWaiver(body, this.reader);
    return {
      ...(typeof title === 'string' && { title }),
      tags: [...new Set(tags.map(String))],
      severity: severity === 'warning' ? 'warning' : 'error',
      within: this.seconds(body, 'within', defaults) ?? 0,
      every: Math.max(shortestEvery, this.seconds(body, 'every', defaults) ?? everySecond),
      ...(typeof skip === 'string' && { skip }),
      ...(waive && { waive }),
    };
  }

  private option(body: MapNode, key: keyof typeof entryKeys): Value | undefined {
    const node = valueAt(body, key);
    return node && this.literal(entryKeys[key], node);
  }

  private seconds(
    body: MapNode,
    key: 'within' | 'every' | 'timeout',
    defaults: ReadonlyMap<string, Value>,
  ): number | undefined {
    const node = valueAt(body, key);
    const seconds = node ? this.literal(entryKeys[key], node) : defaults.get(key);
    if (typeof seconds !== 'number') return undefined;
    if (seconds > 0 || (key === 'within' && seconds === 0)) return seconds;
    if (node) this.reader.report(mistakeAt('bad-value', `\`${key}\` is a time to come, longer than 0`, node));
    return undefined;
  }

  private literal(form: Parameters<typeof readLiteral>[0], node: SpecNode): Value | undefined {
    return readLiteral(form, node, this.reader.variables, this.reader.report);
  }

  private tellNoBody({ key }: Pair, body: SpecNode): undefined {
    const empty = body.kind === 'scalar' && body.value === null;
    if (empty) this.tellVacuous({ key, value: body }, body);
    else
      this.reader.report(
        mistakeAt('wrong-type', `expected a mapping of what is expected, not ${showNode(body)}`, body),
      );
  }

  private tellVacuous({ key }: Pair, body: SpecNode): void {
    const what = this.resource.subject.none ? `\`${this.resource.name}\`` : JSON.stringify(key.source.slice(0, 100));
    const hint = `for example ${exampleOf(this.resource)}`;
    const nothing =
      body.kind === 'map' && body.pairs.length > 0 ? 'none of its keys is a property' : 'it has no properties';
    this.reader.report(mistakeAt('vacuous-entry', `${what} asserts nothing: ${nothing}`, key, hint));
  }
}

function exampleOf({ properties }: Resource): string {
  const [first] = Object.entries(properties);
  return first ? flow({ [first[0]]: first[1].example }) : 'exists: true';
}
