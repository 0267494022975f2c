import type { SpecNode } from '../spec/node.js';
import { NotCarried } from './site.js';

/** Milliseconds as a duration of a spec: `500ms`, `2s`, `1m30s`. */
export function durationText(milliseconds: number): string {
  const whole = Math.round(milliseconds);
  if (whole % 1000 !== 0 || whole === 0) return whole > 10_000 ? `${whole / 1000}s` : `${whole}ms`;
  const seconds = whole / 1000;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return minutes === 0 ? `${seconds}s` : `${minutes}m${rest === 0 ? '' : `${rest}s`}`;
}

const units: { readonly [unit: string]: number } = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
};

/** `timeout`, in milliseconds; 0 and less mean the usual. @throws NotCarried */
export function readMilliseconds(node: SpecNode): number {
  const value = node.kind === 'scalar' ? node.value : undefined;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new NotCarried('Goss wants a whole number of milliseconds');
  return value;
}

/** `retry_delay`: milliseconds, or a duration of Go; a second where it is none. @throws NotCarried */
export function readDelay(node: SpecNode): number {
  const value = node.kind === 'scalar' ? node.value : undefined;
  if (value === null || value === '') return 1000;
  const number = typeof value === 'number' ? value : Number(value);
  const delay = Number.isNaN(number) ? readDuration(String(value).trim()) : number;
  if (delay === undefined || node.kind !== 'scalar')
    throw new NotCarried('Goss wants milliseconds, or a duration such as 2s');
  return delay <= 0 ? 1000 : delay;
}

function readDuration(text: string): number | undefined {
  if (!/^([0-9.]+(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  return [...text.matchAll(/([0-9.]+)(h|ms|m|s|us|µs|ns)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  );
}
