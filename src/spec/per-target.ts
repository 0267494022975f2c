import { mistakeAt, type Report, suggest } from './mistake.js';
import { type MapNode, plainOf, type SpecNode, showNode, valueAt } from './node.js';
import type { Variables } from './variables.js';

/** For which target a spec is read, and what goes with it. */
export interface Reader {
  readonly target: string;
  readonly targetNames: ReadonlySet<string>;
  readonly variables: Variables;
  readonly report: Report;
}

/** What was met while an expectation was read. */
export interface Trace {
  perTarget: boolean;
  /** Why the expectation does not count for this target. */
  skip?: string;
}

/**
 * A node with its variable put in and, where it is `per-target`, the branch of the target.
 * @returns undefined after a mistake was told, or where no branch is for the target: `trace.skip` then says so
 */
export function chooseBranch(written: SpecNode, reader: Reader, trace: Trace): SpecNode | undefined {
  const node = reader.variables.resolve(written);
  const branches = valueAt(node, 'per-target');
  if (node?.kind !== 'map' || !branches) return node;
  trace.perTarget = true;
  if (!checkBranches(node, branches, reader)) return undefined;
  const branch = valueAt(branches, reader.target) ?? valueAt(branches, 'default');
  if (branch) return chooseBranch(branch, reader, trace);
  trace.skip = `no per-target value for ${reader.target}`;
  return undefined;
}

function checkBranches(node: MapNode, branches: SpecNode, { targetNames, report }: Reader): boolean {
  const other = node.pairs.find(({ key }) => key.source !== 'per-target');
  if (other) {
    const hint = 'put it into each of its branches, or both under `and`';
    report(mistakeAt('unknown-matcher', 'nothing can stand beside `per-target`', other.key, hint));
  }
  if (branches.kind !== 'map') {
    const message = `expected a mapping of targets to what is expected there, not ${showNode(branches)}`;
    report(mistakeAt('wrong-type', message, branches));
    return false;
  }
  if (branches.pairs.length === 0) report(mistakeAt('vacuous-entry', '`per-target` names no target', branches));
  for (const { key } of branches.pairs) {
    if (key.source === 'default' || targetNames.has(key.source)) continue;
    const hint = suggest(key.source, [...targetNames, 'default'], 'targets are');
    report(mistakeAt('undefined-target', `there is no target ${JSON.stringify(key.source)}`, key, hint));
  }
  return true;
}

/** A value as it was written, for people: variables put in, branches chosen, `0644` and `1.10` by their characters. */
export function showWritten(written: SpecNode, reader: Reader): SpecNode {
  const node = chooseBranch(written, { ...reader, report: () => {} }, { perTarget: false }) ?? written;
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => showWritten(item, reader)) };
  if (node.kind === 'map')
    return { ...node, pairs: node.pairs.map(({ key, value }) => ({ key, value: showWritten(value, reader) })) };
  const kept = typeof node.value !== 'number' || String(node.value) === node.source;
  return kept ? node : { ...node, value: node.source };
}

export function plainWritten(written: SpecNode, reader: Reader) {
  return plainOf(showWritten(written, reader));
}
