import type { Problem } from '../model.js';
import { findLines } from '../spec/mistake.js';
import { pairsOf, type SpecFile, type SpecNode, setKey } from '../spec/node.js';
import { parseYaml } from '../spec/yaml-text.js';
import { readGoScalar } from './scalar.js';
import { type GoValue, isList, isMapping } from './template-value.js';

export type Vars = { readonly [name: string]: GoValue };

/** Reads variables as Goss does: YAML or JSON. */
export function readVars(name: string, text: string): { readonly vars: Vars; readonly problems: readonly Problem[] } {
  const file: SpecFile = { name, path: '', folder: '.', text, lines: findLines(text) };
  const { root, problems } = parseYaml(file);
  const vars: Record<string, GoValue> = {};
  for (const { key, value } of pairsOf(root)) setKey(vars, key.source, toGoValue(value));
  return { vars, problems: problems.filter(({ code }) => code !== 'several-documents') };
}

function toGoValue(node: SpecNode): GoValue {
  if (node.kind === 'list') return node.items.map(toGoValue);
  if (node.kind === 'scalar') return readGoScalar(node);
  const object: Record<string, GoValue> = {};
  for (const { key, value } of node.pairs) setKey(object, key.source, toGoValue(value));
  return object;
}

/** Of several files the later one wins, down to single keys; empty values win over nothing. */
export function mergeVars(files: readonly Vars[], inline: Vars): Vars {
  return { ...files.reduce<Vars>(mergeTwo, {}), ...inline };
}

function mergeTwo(before: Vars, after: Vars): Vars {
  const merged: Record<string, GoValue> = { ...before };
  for (const [key, value] of Object.entries(after)) {
    const old = merged[key];
    if (isMapping(old) && isMapping(value)) setKey(merged, key, mergeTwo(old, value));
    else if (!isEmpty(value) || old === undefined) setKey(merged, key, value);
  }
  return merged;
}

function isEmpty(value: GoValue): boolean {
  if (isList(value)) return value.length === 0;
  return isMapping(value) ? Object.keys(value).length === 0 : !value;
}
