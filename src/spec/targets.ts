import { isAbsolute, join } from 'node:path';
import type { Problem, SshTarget, Target, Value } from '../model.js';
import { sshForm, sshKeys, targetKeys, vmKeys } from './keys.js';
import { type LiteralForm, readLiteral } from './literal.js';
import { mistakeAt, positionOf, type Report, suggest } from './mistake.js';
import { isEmpty, type Pair, pairsOf, plainOf, type SpecNode, showNode, valueAt } from './node.js';
import type { SpecSource } from './read.js';
import { variablesFor, writtenTargets } from './scope.js';
import { type AddressMistake, checkHost, isPort, readSshAddress } from './ssh-address.js';
import type { Variables } from './variables.js';
import { findVmMistakes } from './vm-mistakes.js';

/**
 * The targets of a spec. Needs nothing but the files, so that connections can be opened while the rest is read.
 *
 * @param vars values of the command line
 */
export function readTargets(
  source: SpecSource,
  { vars }: { readonly vars: Readonly<Record<string, string>> },
): { readonly targets: ReadonlyMap<string, Target>; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const written = writtenTargets(source);
  const targets = new Map<string, Target>();
  for (const pair of written.values()) {
    const name = pair.key.source;
    const variables = variablesFor(source, name, vars, report);
    variables.tellCycles();
    const target = new TargetReader(variables, report).read(pair, [...written.keys()]);
    if (target) targets.set(name, target);
  }
  const [root] = source.files;
  if (written.size === 0 && root?.root && !source.problems.some(({ code }) => code === 'yaml-syntax')) {
    const hint = 'for example: targets: { production: { ssh: root@web.example.org } }';
    report(mistakeAt('no-targets', 'there is no target to verify', { file: root, start: 0, end: 0 }, hint));
  }
  return { targets, problems };
}

class TargetReader {
  constructor(
    private readonly variables: Variables,
    private readonly report: Report,
  ) {}

  read({ key, value }: Pair, names: readonly string[]): Target | undefined {
    const name = key.source;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) || name === 'default') {
      const message = `${JSON.stringify(name)} cannot be the name of a target`;
      this.report(mistakeAt('bad-target', message, key, 'letters, digits and . _ -, but not "default"'));
    }
    if (value.kind !== 'map' && !isEmpty(value)) {
      const hint = value.kind === 'scalar' ? `perhaps { ssh: ${value.source} }` : undefined;
      this.report(mistakeAt('wrong-type', `expected a mapping, not ${showNode(value)}`, value, hint));
      return undefined;
    }
    const way = this.readWay(key, value);
    const compareWith = this.text(value, 'compare-with');
    if (compareWith !== undefined && !names.includes(compareWith)) this.tellUndefined(value, compareWith, names);
    const settings = valueAt(value, 'from');
    const from = settings && this.literal(targetKeys.from, settings);
    const sudo = this.flag(value, 'sudo');
    const transport = this.literal(targetKeys.transport, valueAt(value, 'transport'));
    return (
      way && {
        name,
        ...way,
        ...((transport === 'ssh2' || transport === 'openssh') && { transport }),
        ...(sudo !== undefined && { sudo }),
        ...(compareWith !== undefined && { compareWith }),
        from: from === 'runner' || from === 'target' ? from : way.vm ? 'target' : 'runner',
        position: positionOf(key),
      }
    );
  }

  /** Exactly one of `ssh`, `local` and `vm` says how it is reached. */
  private readWay(key: SpecNode, value: SpecNode): Pick<Target, 'ssh' | 'local' | 'vm'> | undefined {
    const ways = pairsOf(value).filter(
      (pair) =>
        ['ssh', 'vm'].includes(pair.key.source) || (pair.key.source === 'local' && plainOf(pair.value) !== false),
    );
    const [way, second] = ways;
    if (!way) {
      const hint = 'for example { ssh: root@web.example.org }, { local: true } or { vm: { flake: ".#web" } }';
      this.report(mistakeAt('bad-target', 'a target needs `ssh`, `local` or `vm`', key, hint));
      return undefined;
    }
    if (second) {
      const message = `a target is reached by one of \`ssh\`, \`local\` and \`vm\`; it has \`${way.key.source}\` already`;
      this.report(mistakeAt('bad-target', message, second.key));
    }
    if (way.key.source === 'local')
      return this.literal(targetKeys.local, way.value) === true ? { local: true } : undefined;
    if (way.key.source === 'vm') return this.readVm(way.value);
    const ssh = this.readSsh(way.value);
    return ssh && { ssh };
  }

  private readVm(value: SpecNode): Pick<Target, 'vm'> | undefined {
    const node = this.variables.resolve(value);
    if (node?.kind === 'map') return { vm: this.readVmKeys(node) };
    if (node) this.report(mistakeAt('wrong-type', `expected a mapping, not ${showNode(node)}`, node));
    return undefined;
  }

  private readVmKeys(node: SpecNode): Record<string, Value> {
    const read: Record<string, Value> = {};
    for (const [name, form] of Object.entries(vmKeys)) {
      const value = this.literal(form, valueAt(node, name));
      if (value !== undefined) read[name] = value;
    }
    for (const problem of findVmMistakes(node, read)) this.report(problem);
    return read;
  }

  private readSsh(value: SpecNode): SshTarget | undefined {
    const node = this.variables.resolve(value);
    if (!node) return undefined;
    if (node.kind === 'map') return this.readSshMapping(node);
    const text = this.literal(sshForm, node);
    return typeof text === 'string' ? this.checked(readSshAddress(text), node) : undefined;
  }

  private readSshMapping(node: SpecNode): SshTarget | undefined {
    const host = this.text(node, 'host');
    if (host === undefined) {
      if (!valueAt(node, 'host')) this.report(mistakeAt('missing-key', 'the `host` of `ssh` is missing', node));
      return undefined;
    }
    // The host may be written as after `ssh`; what has a key of its own wins.
    const place = valueAt(node, 'host') ?? node;
    const address = this.checked(readSshAddress(host), place);
    const user = this.text(node, 'user');
    const port = this.readPort(node);
    const jump = this.text(node, 'jump');
    const merged = address && {
      ...address,
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port }),
      ...this.path(node, 'identity-file', 'identityFile'),
      ...this.path(node, 'known-hosts', 'knownHosts'),
      ...this.path(node, 'config', 'config'),
      ...(jump !== undefined && { jump }),
    };
    return merged && this.checked(checkHost(merged), valueAt(node, 'user') ?? place);
  }

  private checked(address: SshTarget | AddressMistake, place: SpecNode): SshTarget | undefined {
    if (!('mistake' in address)) return address;
    this.report(mistakeAt('bad-target', address.mistake, place, address.hint));
    return undefined;
  }

  private readPort(node: SpecNode): number | undefined {
    const written = valueAt(node, 'port');
    const port = this.literal(sshKeys.port, written);
    if (written && port !== undefined && !isPort(Number(port))) {
      this.report(mistakeAt('bad-value', 'expected a port, 1 to 65535', written));
    }
    return typeof port === 'number' ? port : undefined;
  }

  /** Relative to the folder of the file it stands in. `~` is left to whoever opens it. */
  private path<K extends string>(node: SpecNode, key: string, name: K): { readonly [name in K]?: string } {
    const text = this.text(node, key);
    if (text === undefined) return {};
    const asIs = isAbsolute(text) || text.startsWith('~') || text === 'none' || text === '';
    const folder = (valueAt(node, key) ?? node).file.folder;
    return { [name]: asIs ? text : join(folder, text) } as { readonly [name in K]?: string };
  }

  private text(node: SpecNode, key: string): string | undefined {
    const value = this.literal(sshForm, valueAt(node, key));
    return typeof value === 'string' ? value : undefined;
  }

  private flag(node: SpecNode, key: string): boolean | undefined {
    const value = this.literal(targetKeys.sudo, valueAt(node, key));
    return typeof value === 'boolean' ? value : undefined;
  }

  private literal(form: LiteralForm, node: SpecNode | undefined): Value | undefined {
    return node && readLiteral(form, node, this.variables, this.report);
  }

  private tellUndefined(value: SpecNode, name: string, names: readonly string[]): void {
    const message = `there is no target ${JSON.stringify(name)}`;
    const hint = suggest(name, names, 'targets are');
    this.report(mistakeAt('undefined-target', message, valueAt(value, 'compare-with') ?? value, hint));
  }
}
