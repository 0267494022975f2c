import type { Waiver } from '../model.js';
import { waiveKeys } from './keys.js';
import { readLiteral } from './literal.js';
import { mistakeAt, suggest } from './mistake.js';
import { type MapNode, type SpecNode, showNode, valueAt } from './node.js';
import type { Reader } from './per-target.js';

/** Reads `waive`. @returns undefined where there is none, or after a mistake was told */
export function readWaiver(body: MapNode, reader: Reader): Waiver | undefined {
  const written = valueAt(body, 'waive');
  const node = written && reader.variables.resolve(written);
  if (!node) return undefined;
  if (node.kind !== 'map') {
    const message = `expected a mapping of reason and until, not ${showNode(node)}`;
    reader.report(mistakeAt('wrong-type', message, node));
    return undefined;
  }
  for (const { key } of node.pairs) {
    if (Object.hasOwn(waiveKeys, key.source)) continue;
    const hint = suggest(key.source, Object.keys(waiveKeys), 'there are');
    reader.report(mistakeAt('unknown-key', `there is no key ${JSON.stringify(key.source)} here`, key, hint));
  }
  const reason = readText(node, 'reason', reader);
  const until = readText(node, 'until', reader);
  return reason !== undefined && until !== undefined && isDay(until, node, reader) ? { reason, until } : undefined;
}

function readText(node: MapNode, key: keyof typeof waiveKeys, reader: Reader): string | undefined {
  const value = valueAt(node, key);
  const text = value && readLiteral(waiveKeys[key], value, reader.variables, reader.report);
  if (typeof text === 'string' && text.trim() !== '') return text;
  const message = value ? `\`${key}\` of \`waive\` is empty` : `\`${key}\` is missing`;
  if (!value || text !== undefined) reader.report(mistakeAt('missing-key', message, value ?? node));
  return undefined;
}

/** A day that the calendar has, written as ISO 8601 does. */
function isDay(text: string, node: MapNode, { report }: Reader): boolean {
  const midnight = new Date(`${text}T00:00:00Z`);
  const exists = !Number.isNaN(midnight.getTime()) && midnight.toISOString().slice(0, 10) === text;
  const place: SpecNode = valueAt(node, 'until') ?? node;
  if (!exists) report(mistakeAt('bad-value', `expected a day such as 2027-01-31, not ${showNode(place)}`, place));
  return exists;
}
