import type { Matchers } from '../matcher.js';
import type { Expectation, PropertyExpectation, Value, ValueTypeName } from '../model.js';
import { currentName, type Property, propertyAt, type Resource } from '../resource.js';
import { ExpectationReader } from './expectation.js';
import { mistakeAt, positionOf } from './mistake.js';
import { type MapNode, plainOf, type ScalarNode, type SpecNode, showNode } from './node.js';
import { chooseBranch, plainWritten, type Reader, type Trace } from './per-target.js';
import { unknownProperty } from './unknown-name.js';

/** Reads what is expected of the properties of one resource type. */
export class PropertyReader {
  private readonly expectations: ExpectationReader;

  constructor(
    private readonly resource: Resource,
    matchers: Matchers,
    private readonly reader: Reader,
  ) {
    this.expectations = new ExpectationReader(matchers, reader);
  }

  /**
   * The expectations at a path: one for each matcher, and for each key of a mapping on a map or on JSON.
   * Mistakes are told and left out.
   *
   * @param key where it stands, for the position
   */
  read(path: readonly string[], key: ScalarNode, written: SpecNode, perTarget = false): PropertyExpectation[] {
    const property = propertyAt(this.resource, path);
    const trace: Trace = { perTarget };
    const node = chooseBranch(written, this.reader, trace);
    if (!node) return trace.skip === undefined ? [] : [this.skipped(path, key, trace.skip)];
    const { type } = property;
    if (node.kind === 'map' && node.pairs.length === 0 && type !== 'json') return this.tellVacuous(node);
    if (node.kind === 'map' && node.pairs.length > 0) {
      const [matchers, keys] = this.splitKeys(node, type);
      return [
        ...this.readMatchers(path, matchers, property, trace),
        ...this.readKeys(path, keys, property, trace.perTarget),
      ];
    }
    const expectation = this.expectations.readShorthand(node, property, trace);
    return this.finish(path, key, expectation, node, trace);
  }

  /**
   * On a map, names of matchers are matchers and all others keys. On JSON, whose keys may be anything, they are matchers
   * only where there is nothing else. Elsewhere there are no keys.
   */
  private splitKeys(node: MapNode, type: ValueTypeName): readonly [MapNode, MapNode] {
    const matchers = node.pairs.filter(
      ({ key }) => (type !== 'map' && type !== 'json') || this.expectations.isMatcher(key),
    );
    const chosen = type === 'json' && matchers.length < node.pairs.length ? [] : matchers;
    return [
      { ...node, pairs: chosen },
      { ...node, pairs: node.pairs.filter((pair) => !chosen.includes(pair)) },
    ];
  }

  private readMatchers(
    path: readonly string[],
    node: MapNode,
    property: Property,
    outer: Trace,
  ): PropertyExpectation[] {
    // One at a time: what is skipped or differs per target may be one of several.
    return node.pairs.flatMap((pair) => {
      const trace: Trace = { perTarget: outer.perTarget };
      const [read] = this.expectations.readMatchers({ ...node, pairs: [pair] }, property, trace);
      return this.finish(path, pair.key, read?.expectation, pair.value, trace);
    });
  }

  private readKeys(
    path: readonly string[],
    node: MapNode,
    property: Property,
    perTarget: boolean,
  ): PropertyExpectation[] {
    return node.pairs.flatMap(({ key: written, value }) => {
      const key = this.reader.variables.resolveKey(written);
      if (!key) return [];
      const name = property.lowerCaseKeys ? key.source.toLowerCase() : key.source;
      return property.record
        ? this.readRecord([...path, name], key, value, property)
        : this.read([...path, name], key, value, perTarget);
    });
  }

  /** One value of a map of records: its fields. */
  private readRecord(
    path: readonly string[],
    key: ScalarNode,
    written: SpecNode,
    property: Property,
  ): PropertyExpectation[] {
    const trace: Trace = { perTarget: false };
    const node = chooseBranch(written, this.reader, trace);
    if (!node) return trace.skip === undefined ? [] : [this.skipped(path, key, trace.skip)];
    const fields = property.record ?? {};
    if (plainOf(node) === null || (node.kind === 'map' && node.pairs.length === 0)) return this.tellVacuous(key);
    if (node.kind !== 'map') {
      const message = `expected a mapping of ${Object.keys(fields).join(', ')}, not ${showNode(node)}`;
      this.reader.report(mistakeAt('wrong-type', message, node));
      return [];
    }
    return node.pairs.flatMap((pair) => {
      if (Object.hasOwn(fields, pair.key.source)) {
        return this.read([...path, currentName(fields, pair.key.source)], pair.key, pair.value, trace.perTarget);
      }
      this.reader.report(unknownProperty(path[0] ?? '', pair.key.source, pair.key, Object.keys(fields)));
      return [];
    });
  }

  private tellVacuous(node: SpecNode): PropertyExpectation[] {
    const what = node.kind === 'scalar' ? JSON.stringify(node.source) : 'an empty mapping';
    this.reader.report(mistakeAt('vacuous-entry', `${what} asserts nothing`, node));
    return [];
  }

  private finish(
    path: readonly string[],
    key: ScalarNode,
    expectation: Expectation | undefined,
    written: SpecNode,
    trace: Trace,
  ): PropertyExpectation[] {
    if (trace.skip !== undefined) return [this.skipped(path, key, trace.skip)];
    if (!expectation) return [];
    const expected: Value = plainWritten(written, this.reader);
    return [{ path, expectation, expected, perTarget: trace.perTarget, position: positionOf(key) }];
  }

  private skipped(path: readonly string[], key: ScalarNode, skip: string): PropertyExpectation {
    const expectation: Expectation = { matcher: 'equal', argument: null };
    return { path, expectation, expected: null, perTarget: true, position: positionOf(key), skip };
  }
}
