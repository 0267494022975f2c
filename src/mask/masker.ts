import type { Run, Value } from '../model.js';
import { mask } from '../text.js';
import { maskRun } from './mask-run.js';
import { NeedleTable } from './needle-table.js';
import { listNeedles, shortestDense, shortestNeedle } from './needles.js';
import type { Stretch } from './stretch.js';
import { layersOf } from './unescape.js';

/**
 * Puts `***` in the place of secrets, also where they come back encoded: URL encoding, the escapes of JSON, C, HTML and
 * shells, nested up to five deep, base64 wherever it begins, hex, broken into lines. A plain value; pure.
 *
 * What shortens text does so behind it: of a secret that was cut in two, neither half is known any more.
 */
export interface Masker {
  /** Keeps the number of lines, so that a diff of masked texts is that of the texts. */
  text(text: string): string;
  /** All texts in a value, keys too. The value itself where there is nothing to mask. */
  value(value: Value): Value;
  run(run: Run): Run;
  /** Of what is printed as a whole, where a plain word may be the name of a status or a key: those words are left. */
  output(text: string): string;
}

/** @param secrets their values; of those shorter than four characters only a text that is nothing else is masked */
export function makeMasker(secrets: Iterable<string>): Masker {
  const all = [...new Set(secrets)].filter((secret) => secret !== '');
  const short = new Set(all.filter((secret) => !isMaskable(secret)));
  const long = all.filter(isMaskable);
  const everything = new NeedleTable(long.flatMap(listNeedles));
  const unmistakable = new NeedleTable(long.filter((secret) => !plainWord.test(secret)).flatMap(listNeedles));
  const digits = new Set(long.filter((secret) => /^[0-9]+$/.test(secret)));
  const maskText = (text: string) => (short.has(text) ? mask : replaceSecrets(text, everything));
  const maskOutput = (text: string) => replaceSecrets(text, unmistakable);
  const maskNumber = (value: number) => (digits.has(String(value)) ? mask : value);
  const maskValue = deeply(maskText, maskNumber);
  return {
    text: maskText,
    value: maskValue,
    run: (run) => maskRun(run, maskValue, deeply(maskOutput, maskNumber)),
    output: maskOutput,
  };
}

/** False for what is so short that masking it in text would make the text unreadable. */
export function isMaskable(secret: string): boolean {
  return secret.trim().length >= shortestNeedle;
}

/** `admin`, `postgres`, `2026`: a dummy of a staging machine rather than a secret, and perhaps a word of a report. */
const plainWord = /^([a-z]{1,12}(-[a-z]{1,12})?|[0-9]{1,6})$/;

function replaceSecrets(text: string, table: NeedleTable): string {
  return replaceStretches(text, findSecrets(text, table));
}

/** In the text as it is, and behind each layer of escapes. */
function findSecrets(text: string, table: NeedleTable): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const layer of layersOf(text)) {
    const least = layer.dense ? shortestDense : shortestNeedle;
    for (const stretch of table.find(layer.text, least)) found.push(layer.originOf(stretch));
  }
  return found;
}

/** Those that overlap or touch become one `***`; each line keeps one of its own. */
function replaceStretches(text: string, stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return text;
  const parts: string[] = [];
  let done = 0;
  let open: { from: number; to: number } | undefined;
  const close = () => {
    if (!open) return;
    parts.push(text.slice(done, open.from), text.slice(open.from, open.to).replace(/[^\n]+/g, mask));
    done = open.to;
  };
  for (const [from, to] of stretches.toSorted((a, b) => a[0] - b[0])) {
    if (open && from <= open.to) open.to = Math.max(open.to, to);
    else {
      close();
      open = { from, to };
    }
  }
  close();
  return parts.join('') + text.slice(done);
}

/** Masks all in a value; what has nothing to mask stays the very value. */
function deeply(maskText: (text: string) => string, maskNumber: (value: number) => Value): (value: Value) => Value {
  const maskValue = (value: Value): Value => {
    if (typeof value === 'string') return maskText(value);
    if (typeof value === 'number') return maskNumber(value);
    if (value === null || typeof value !== 'object') return value;
    if (!Array.isArray(value)) return maskPairs(value as { readonly [key: string]: Value }, maskText, maskValue);
    const masked = value.map(maskValue);
    return masked.every((item, at) => item === value[at]) ? value : masked;
  };
  return maskValue;
}

function maskPairs(
  object: { readonly [key: string]: Value },
  maskText: (text: string) => string,
  maskValue: (value: Value) => Value,
): Value {
  const pairs = Object.entries(object);
  const masked = pairs.map(([key, value]) => [maskText(key), maskValue(value)] as const);
  if (masked.every(([key, value], at) => key === pairs[at]?.[0] && value === pairs[at]?.[1])) return object;
  const count = new Map<string, number>();
  const distinct = masked.map(([key, value]): [string, Value] => {
    const times = (count.get(key) ?? 0) + 1;
    count.set(key, times);
    return [times === 1 ? key : `${key} #${times}`, value];
  });
  return Object.fromEntries(distinct);
}
