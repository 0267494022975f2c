import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { secretKeys } from './keys.js';
import { readLiteral } from './literal.js';
import { mistakeAt, type Report, suggest } from './mistake.js';
import { type MapNode, type Pair, type Place, pairsOf, type SpecNode, showNode, valueAt } from './node.js';
import type { SpecSource } from './read.js';
import { variablesFor, writtenSecrets } from './scope.js';
import type { Variables } from './variables.js';

/** Where a secret comes from. Nothing of it was looked at yet. */
export type SecretOrigin =
  | { readonly env: string }
  | { readonly file: string }
  | {
      /** A text is for `/bin/sh -c`; a list is run as it is. */
      readonly command: string | readonly string[];
      /** Seconds. */
      readonly timeout: number;
      /** The folder it is run in. */
      readonly folder: string;
    };

export interface SecretDefinition {
  readonly name: string;
  readonly origin: SecretOrigin;
  readonly place: Place;
}

/** Seconds that a command has: somebody may have to touch a key or to type a PIN. */
const patience = 60;

/** Reads where the secrets of a target come from, used or not, so that every mistake is told. */
export function readSecrets(
  source: SpecSource,
  target: string,
  vars: Readonly<Record<string, string>>,
  report: Report,
): ReadonlyMap<string, SecretDefinition> {
  const written = writtenSecrets(source, target);
  if (written.size === 0) return new Map();
  const reader = new SecretReader(variablesFor(source, target, vars, report), report);
  const definitions = [...written.values()].flatMap((pair) => reader.read(pair) ?? []);
  return new Map(definitions.map((definition) => [definition.name, definition]));
}

class SecretReader {
  constructor(
    private readonly variables: Variables,
    private readonly report: Report,
  ) {}

  read({ key, value }: Pair): SecretDefinition | undefined {
    const node = this.variables.resolve(value);
    if (!node) return undefined;
    if (node.kind !== 'map') {
      this.report(mistakeAt('wrong-type', `expected a mapping, not ${showNode(node)}`, node, waysOut));
      return undefined;
    }
    const origin = this.readOrigin(node);
    return origin && { name: key.source, origin, place: valueAt(node, Object.keys(origin)[0] ?? '') ?? node };
  }

  private readOrigin(node: MapNode): SecretOrigin | undefined {
    const unknown = pairsOf(node).filter(({ key }) => !Object.hasOwn(secretKeys, key.source));
    for (const { key } of unknown) {
      const hint = suggest(key.source, Object.keys(secretKeys), 'there are');
      this.report(mistakeAt('unknown-key', `there is no key ${JSON.stringify(key.source)} here`, key, hint));
    }
    const [way, second] = pairsOf(node).filter(({ key }) => ['env', 'file', 'command'].includes(key.source));
    if (!way) {
      const message = 'a secret needs `env`, `file` or `command`';
      if (unknown.length === 0) this.report(mistakeAt('bad-secret', message, node, waysOut));
      return undefined;
    }
    if (second) {
      const message = `a secret comes from one of \`env\`, \`file\` and \`command\`; it has \`${way.key.source}\` already`;
      this.report(mistakeAt('bad-secret', message, second.key));
    }
    if (way.key.source === 'env') return this.readEnv(way.value);
    return way.key.source === 'file' ? this.readFile(way.value) : this.readCommand(way.value, node);
  }

  private readEnv(value: SpecNode): SecretOrigin | undefined {
    const env = this.text(value);
    if (env === undefined || /^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) return env === undefined ? undefined : { env };
    const hint = /^\$\{env\./.test(env) ? 'the name alone, without ${env.…}' : undefined;
    this.report(mistakeAt('bad-secret', `expected the name of an environment variable`, value, hint));
    return undefined;
  }

  /** Relative to the folder of the file it stands in. */
  private readFile(value: SpecNode): SecretOrigin | undefined {
    const path = this.text(value);
    if (path === undefined) return undefined;
    return { file: path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(value.file.folder, path) };
  }

  private readCommand(value: SpecNode, node: MapNode): SecretOrigin | undefined {
    const resolved = this.variables.resolveAll(value);
    const command = resolved?.kind === 'list' ? this.readWords(resolved) : resolved && this.text(resolved);
    const timeout = this.readTimeout(valueAt(node, 'timeout'));
    return command === undefined ? undefined : { command, timeout, folder: value.file.folder };
  }

  private readWords(list: SpecNode): readonly string[] | undefined {
    const words = readLiteral(secretKeys.command, list, this.variables, this.report);
    if (!Array.isArray(words)) return undefined;
    if (words.length > 0 && words[0] !== '') return words.map(String);
    this.report(mistakeAt('bad-secret', 'the command is empty', list));
    return undefined;
  }

  private readTimeout(value: SpecNode | undefined): number {
    const seconds = value && readLiteral(secretKeys.timeout, value, this.variables, this.report);
    if (typeof seconds !== 'number') return patience;
    if (value && seconds <= 0) this.report(mistakeAt('bad-value', '`timeout` is longer than 0', value));
    return seconds;
  }

  private text(value: SpecNode): string | undefined {
    const text = readLiteral(secretKeys.env, value, this.variables, this.report);
    if (typeof text !== 'string') return undefined;
    if (text !== '' && !text.includes('\0')) return text;
    this.report(mistakeAt('bad-secret', text === '' ? 'it is empty' : 'it holds a NUL byte', value));
    return undefined;
  }
}

const waysOut = 'for example { env: DB_PASSWORD }, { file: db.password } or { command: pass show db }';
