import { styleText } from 'node:util';

/**
 * Makes text harmless: what comes from a target or a spec must not move the cursor, set a title, hide text or turn its
 * direction. Control characters (C0, DEL, C1), line and paragraph separators, bidirectional controls (Unicode TR 9) and
 * zero-width characters become visible escapes. Newlines stay where `lines` is set.
 */
export function printable(text: string, { lines = false } = {}): string {
  return text.replace(unsafe, (character) => {
    if (character === '\n') return lines ? character : '\\n';
    if (character === '\t') return '\\t';
    if (character === '\r') return '\\r';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const unsafe = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

export type Style = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'gray' | 'bold' | 'dim';

/** Styles text, or leaves it: made once for each stream. */
export type Paint = (style: Style | readonly Style[], text: string) => string;

/** @param color whether the stream takes colours */
export function makePaint(color: boolean): Paint {
  if (!color) return (_, text) => text;
  // The decision was made: styleText would decide again, by what standard output is.
  return (style, text) => styleText(style as Style | Style[], text, { validateStream: false });
}

/** `--color` beats `NO_COLOR` (no-color.org) beats what the stream is. */
export function wantsColor(choice: string | undefined, env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (choice === 'always') return true;
  if (choice === 'never') return false;
  if (env.NO_COLOR) return false;
  return isTerminal && env.TERM !== 'dumb';
}
