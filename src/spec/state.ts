import type { Problem } from '../model.js';
import type { StateEntry } from '../switch-model.js';
import { stateKeys } from './keys.js';
import { readLiteral } from './literal.js';
import { mistakeAt, type Report, suggest } from './mistake.js';
import { isEmpty, type MapNode, type Pair, pairsOf, type SpecNode, showNode, valueAt } from './node.js';
import type { SpecSource } from './read.js';
import { variablesFor, writtenState, writtenTargets } from './scope.js';
import type { Variables } from './variables.js';

/** Seconds that a snapshot or a dump may take unless the spec says otherwise. */
const patience = 600;

/** Each of these says what is copied; what its value must look like, and that in words. */
const kinds = {
  btrfs: { pattern: /^\/[^\0\n]*$/, expects: 'the absolute path of a btrfs subvolume' },
  // zfs(8): a pool begins with a letter; components may hold these. No `@`, which is for snapshots.
  zfs: {
    pattern: /^[A-Za-z][A-Za-z0-9_.: -]*(\/[A-Za-z0-9_.: -]+)*$/,
    expects: 'the name of a ZFS data set, such as tank/files',
  },
  dump: { pattern: /\S/, expects: 'a command' },
} as const;

type Kind = keyof typeof kinds;

/**
 * What is to be copied before a switch of a target: `state:` of a spec, in the order of its files.
 * @param vars values of the command line
 */
export function readState(
  source: SpecSource,
  target: string,
  vars: Readonly<Record<string, string>>,
): { readonly entries: readonly StateEntry[]; readonly problems: readonly Problem[] } {
  const written = writtenState(source);
  const problems: Problem[] = [];
  if (written.size === 0) return { entries: [], problems };
  const report: Report = (problem) => problems.push(problem);
  const variables = variablesFor(source, target, vars, report);
  const reader = new StateReader(target, [...writtenTargets(source).keys()], variables, report);
  return { entries: [...written.values()].flatMap((pair) => reader.read(pair) ?? []), problems };
}

class StateReader {
  constructor(
    private readonly target: string,
    private readonly targets: readonly string[],
    private readonly variables: Variables,
    private readonly report: Report,
  ) {}

  /** @returns undefined where it is not for the target, or after a mistake was told */
  read({ key, value }: Pair): StateEntry | undefined {
    const node = this.variables.resolve(value);
    if (!node) return undefined;
    if (node.kind !== 'map') {
      const what = isEmpty(node) ? 'nothing' : showNode(node);
      this.report(mistakeAt('wrong-type', `expected a mapping, not ${what}`, isEmpty(node) ? key : node, waysOut));
      return undefined;
    }
    const kind = this.readKind(node);
    const source = kind && this.readSource(kind, valueAt(node, kind) ?? node);
    const beside = this.readBeside(node, kind);
    if (!this.isForTarget(node) || kind === undefined || source === undefined || !beside) return undefined;
    return { name: key.source, kind, source, ...beside };
  }

  private readKind(node: MapNode): Kind | undefined {
    const unknown = pairsOf(node).filter(({ key }) => !Object.hasOwn(stateKeys, key.source));
    for (const { key } of unknown) {
      const hint = suggest(key.source, Object.keys(stateKeys), 'there are');
      this.report(mistakeAt('unknown-key', `there is no key ${JSON.stringify(key.source)} here`, key, hint));
    }
    const [first, second] = pairsOf(node).filter(({ key }) => Object.hasOwn(kinds, key.source));
    if (!first) {
      if (unknown.length === 0) this.report(mistakeAt('bad-state', 'it needs `btrfs`, `zfs` or `dump`', node, waysOut));
      return undefined;
    }
    if (second) {
      const message = `an entry is one of \`btrfs\`, \`zfs\` and \`dump\`; it has \`${first.key.source}\` already`;
      this.report(mistakeAt('bad-state', message, second.key, 'give each a name of its own'));
      return undefined;
    }
    return first.key.source as Kind;
  }

  private readSource(kind: Kind, value: SpecNode): string | undefined {
    const { pattern, expects } = kinds[kind];
    const text = this.text(value);
    if (text === undefined || pattern.test(text)) return text;
    this.report(mistakeAt('bad-state', `expected ${expects}, not ${showNode(value)}`, value));
    return undefined;
  }

  /** What belongs to a dump, and how long it may take. */
  private readBeside(node: MapNode, kind: Kind | undefined): Pick<StateEntry, 'into' | 'user' | 'timeout'> | undefined {
    const [intoNode, userNode] = [valueAt(node, 'into'), valueAt(node, 'user')];
    const into = intoNode && this.text(intoNode);
    const user = userNode && this.text(userNode);
    const timeout = this.readTimeout(valueAt(node, 'timeout'));
    if (kind === undefined || timeout === undefined) return undefined;
    if (kind !== 'dump') {
      const stray = pairsOf(node).find(({ key }) => ['into', 'user'].includes(key.source));
      if (!stray) return { timeout };
      this.report(mistakeAt('bad-state', `\`${stray.key.source}\` is for a dump`, stray.key));
      return undefined;
    }
    if (intoNode && (into === undefined || !into.startsWith('/'))) {
      if (into !== undefined) this.report(mistakeAt('bad-state', 'expected the absolute path of a folder', intoNode));
      return undefined;
    }
    if (into === undefined) {
      const hint = 'the folder on the target that it is put into, for example into: /var/backup';
      this.report(mistakeAt('missing-key', 'a dump needs `into`', node, hint));
      return undefined;
    }
    return { into, ...(user !== undefined && { user }), timeout };
  }

  private readTimeout(node: SpecNode | undefined): number | undefined {
    const seconds = node && readLiteral(stateKeys.timeout, node, this.variables, this.report);
    if (!node) return patience;
    if (typeof seconds !== 'number') return undefined;
    if (seconds > 0) return seconds;
    this.report(mistakeAt('bad-value', '`timeout` is longer than 0', node));
    return undefined;
  }

  private isForTarget(node: MapNode): boolean {
    const [only, except] = (['only', 'except'] as const).map((key) => this.readTargets(valueAt(node, key), key));
    return (only?.includes(this.target) ?? true) && !(except?.includes(this.target) ?? false);
  }

  private readTargets(node: SpecNode | undefined, key: 'only' | 'except'): readonly string[] | undefined {
    const names = node && readLiteral(stateKeys[key], node, this.variables, this.report);
    if (!node || !Array.isArray(names)) return undefined;
    const unknown = names.map(String).find((name) => !this.targets.includes(name));
    if (unknown !== undefined) {
      const message = `there is no target ${JSON.stringify(unknown)}`;
      this.report(mistakeAt('undefined-target', message, node, suggest(unknown, this.targets, 'targets are')));
    }
    return names.map(String);
  }

  private text(node: SpecNode): string | undefined {
    const text = readLiteral(stateKeys.btrfs, node, this.variables, this.report);
    if (typeof text !== 'string') return undefined;
    if (text !== '' && !text.includes('\0')) return text;
    this.report(mistakeAt('bad-state', text === '' ? 'it is empty' : 'it holds a NUL byte', node));
    return undefined;
  }
}

const waysOut =
  'for example { btrfs: /var/lib/postgresql }, { zfs: tank/files } or { dump: pg_dumpall, into: /var/backup, user: postgres }';
