import { force, type GoValue, NotPlain, printValue } from './template-value.js';

/** `printf` of Go, for what templates print: `%s %v %d %q %t %f %x %%`, with width and precision. @throws NotPlain */
export function printFormat(format: string, args: readonly GoValue[]): string {
  let next = 0;
  return format.replace(/%([-+0 #]*)(\d*)(?:\.(\d+))?(.)/gs, (written, ...found) => {
    const [flags, width, precision, verb] = found as [string, string, string | undefined, string];
    if (verb === '%') return '%';
    if (next >= args.length) throw new NotPlain(`printf has no value for ${written}`);
    const value = args[next++];
    const shown = printVerb(verb, value, precision === undefined ? undefined : Number(precision), written);
    return pad(shown, Math.min(Number(width || 0), 1000), flags);
  });
}

function printVerb(verb: string, value: GoValue, precision: number | undefined, written: string): string {
  if (verb === 's' || verb === 'v') {
    const text = printValue(value);
    return precision === undefined ? text : text.slice(0, precision);
  }
  if (verb === 'q') return JSON.stringify(printValue(value));
  const known = force(value);
  if (verb === 't' && typeof known === 'boolean') return String(known);
  if (typeof known === 'number') {
    if (verb === 'd' && Number.isInteger(known)) return String(known);
    if (verb === 'f') return known.toFixed(precision ?? 6);
    if (verb === 'x') return known.toString(16);
    if (verb === 'o') return known.toString(8);
  }
  throw new NotPlain(`printf with ${written} of ${printValue(value)} is not carried over`);
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0')) return text.padStart(width);
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}
