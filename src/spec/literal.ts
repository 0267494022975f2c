import { isAbsolute, join } from 'node:path';
import type { Value, ValueForm, ValueTypeName } from '../model.js';
import { ValueError, valueTypes } from '../value.js';
import { mistakeAt, type Report, suggest } from './mistake.js';
import { type SpecNode, setKey, showNode, writtenOf } from './node.js';
import { hasStandIn } from './stand-in.js';
import type { Variables } from './variables.js';

/** What a literal is read by. */
export interface LiteralForm extends ValueForm {
  /** The only words it can be. */
  readonly words?: readonly string[];
  /** Of a map: its keys are in lower case, however they are written. */
  readonly lowerCaseKeys?: true;
  /** A file, relative to the one that it is written in; or PEM text. */
  readonly path?: true;
  /** What its text must look like, and that in words. */
  readonly form?: { readonly pattern: RegExp; readonly expects: string };
}

/**
 * Reads a literal by the type that is needed, not by YAML's guess. @returns undefined after a mistake was told
 */
export function readLiteral(
  form: LiteralForm,
  written: SpecNode,
  variables: Variables,
  report: Report,
): Value | undefined {
  const node = variables.resolveAll(written);
  if (!node) return undefined;
  const { type, words, form: looks } = form;
  if (node.kind === 'scalar' && node.secret && !holdsText.has(type)) {
    const message = `a secret is text, and cannot stand where ${valueTypes[type].expects} is needed`;
    report(mistakeAt('bad-secret', message, node));
    return undefined;
  }
  // A list of one is often written without brackets.
  const shaped: SpecNode =
    type === 'list' && node.kind === 'scalar' && node.value !== null ? { ...node, kind: 'list', items: [node] } : node;
  if (!fits(type, shaped)) {
    report(mistakeAt('wrong-type', `expected ${valueTypes[type].expects}, not ${showNode(node)}`, node));
    return undefined;
  }
  try {
    const value = readShaped(form, shaped);
    if (form.path && typeof value === 'string') return locateFile(value, node.file.folder);
    if (looks && !looks.pattern.test(String(value)) && !hasStandIn(String(value)))
      throw new ValueError(`expected ${looks.expects}`);
    if (!words || (typeof value === 'string' && words.includes(value))) return value;
    report(mistakeAt('bad-value', `expected ${sayWords(words)}, not ${showNode(node)}`, node, hintOf(value, words)));
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    report(mistakeAt('bad-value', `${error.message}, not ${showNode(node)}`, node));
  }
  return undefined;
}

/** What is shown of any other type is no longer what was written, and so could not be masked. */
const holdsText: ReadonlySet<ValueTypeName> = new Set(['string', 'text', 'list', 'map', 'json']);

function fits(type: ValueForm['type'], node: SpecNode): boolean {
  if (type === 'json') return true;
  if (type === 'list') return node.kind === 'list' && node.items.every(({ kind }) => kind === 'scalar');
  return node.kind === (type === 'map' ? 'map' : 'scalar');
}

function locateFile(written: string, folder: string): string {
  return written.startsWith('-----BEGIN') || isAbsolute(written) ? written : join(folder, written);
}

/** What is in a list or a mapping (headers, environment, names) is read by its own type; where none is said, as text. */
function readShaped({ type, values = 'string', lowerCaseKeys }: LiteralForm, node: SpecNode): Value {
  const { read } = valueTypes[values];
  if (type === 'list' && node.kind === 'list') return node.items.map((item) => read(writtenOf(item)));
  if (type !== 'map' || node.kind !== 'map') return valueTypes[type].read(writtenOf(node));
  const texts: Record<string, Value> = {};
  for (const { key, value } of node.pairs) {
    setKey(texts, lowerCaseKeys ? key.source.toLowerCase() : key.source, read(writtenOf(value)));
  }
  return texts;
}

/** `one of runner, target` */
export function sayWords(words: readonly string[]): string {
  return words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`;
}

function hintOf(value: Value, words: readonly string[]): string | undefined {
  return typeof value === 'string' && words.length > 3 ? suggest(value, words, 'it can be') : undefined;
}
