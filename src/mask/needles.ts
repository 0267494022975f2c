import { layersOf } from './unescape.js';

/** One form in which a secret may stand in a text. */
export interface Needle {
  readonly text: string;
  /** In base64, the characters before and behind hold some bits of the secret too. */
  readonly base64: boolean;
}

/** A shorter text would be found everywhere. */
export const shortestNeedle = 4;
/** Where white space was left out, in the text or in the secret. */
export const shortestDense = 8;
/** A line of a longer secret: `}` or `BEGIN` alone tells nothing, and stands in other texts too. */
const shortestLine = 8;

/**
 * Every form of a secret to look for. Escapes need none of their own: they are taken off the text, layer by layer, and off
 * the secret too, as a secret may look like an escape.
 */
export function listNeedles(secret: string): readonly Needle[] {
  const needles = new Map<string, Needle>();
  const add = (text: string, base64 = false) => {
    if (text.length >= shortestNeedle && !needles.has(text)) needles.set(text, { text, base64 });
  };
  for (const whole of [secret, ...longLines(secret)]) {
    for (const plain of plainForms(whole)) add(plain);
    for (const encoded of encodedForms(whole)) {
      for (const digits of hexForms(encoded)) add(digits);
      for (const once of base64Forms(encoded)) {
        add(once, true);
        for (const twice of base64Forms(once)) add(twice, true);
      }
    }
  }
  return [...needles.values()];
}

/** The lines of a secret of several, but for the armor of a PEM file, which is the same in all of them. */
function longLines(secret: string): readonly string[] {
  const lines = secret.split('\n').map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => line.length >= shortestLine && !/^-----.*-----$/.test(line));
}

function plainForms(secret: string): readonly string[] {
  const trimmed = secret.trim();
  // Form encoding writes a space as +, and a + as %2B, which becomes + again when that layer is taken off.
  const dense = secret.replaceAll(/[ \t\r\n]+/g, '');
  const forms = [
    secret,
    trimmed,
    ...(dense.length >= shortestDense ? [dense] : []),
    secret.replaceAll(' ', '+'),
    secret.toLowerCase(),
    secret.toUpperCase(),
  ];
  const written = forms.flatMap((form) => [form, ...quotedTwice(form), escapeBackslashes(form)]);
  return [...new Set(written.flatMap((form) => [...layersOf(form)].map(({ text }) => text)))];
}

/** As JSON does: then a backslash of the secret is one again in the layer in which a `%41` behind it is taken for an escape. */
function escapeBackslashes(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Quotes inside quotes of a shell: taken off in one layer, they would not become what they were. */
function quotedTwice(text: string): readonly string[] {
  if (!text.includes("'")) return [];
  const once = text.replaceAll("'", `'\\''`);
  const twice = once.replaceAll("'", `'\\''`);
  return [once, twice, twice.replaceAll("'", `'\\''`)];
}

/** As it may have been written before it was encoded as a whole. */
function encodedForms(secret: string): readonly string[] {
  const json = escapeBackslashes(secret);
  const url = encodeURIComponent(secret);
  return [...new Set([secret, json, url, new URLSearchParams([['', secret]]).toString().slice(1)])];
}

function hexForms(text: string): readonly string[] {
  const digits = Buffer.from(text).toString('hex');
  return [digits, digits.toUpperCase()];
}

/**
 * What base64 (RFC 4648, both alphabets) makes of a text that stands in a longer one (`user:password`): by where it begins
 * there are three ways, and of each the characters that depend on the text alone.
 */
function base64Forms(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const first = offset === 0 ? 0 : offset + 1;
    const standard = encoded.slice(first, Math.floor(((offset + bytes.length) * 8) / 6));
    return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
