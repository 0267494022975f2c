import { compileRegexp } from '../pattern.js';

/**
 * Whether a regular expression is found in every text: it is, where it also matches nothing at all, and is not held to
 * both ends of the text. `^.*$` is not such a one: without `(?s)` it stops at a newline.
 * @returns false too where that cannot be told
 */
export function matchesEverything(expression: string): boolean {
  // What cannot match nothing has none of these; most need no look at all.
  if (!/[*?|]|\{0|\(\)/.test(expression)) return false;
  const [, flags = '', body = ''] = /^(?:\(\?([a-zA-Z]+)\))?(.*)$/s.exec(expression) ?? [];
  const [, begin, inner = '', end] = /^(\^|\\A)?(.*?)(\$|\\z)?$/s.exec(body) ?? [];
  if (begin !== undefined && end !== undefined) return inner === '.*' && flags.includes('s');
  return !hasPlaces(inner) && canBeNothing(inner);
}

/** Anchors and word boundaries, which hold at some places only. */
function hasPlaces(text: string): boolean {
  if (/\\[AzZbBGQ]/.test(text)) return true;
  const plain = text.replace(/\\./gs, '').replace(/\[\^?\]?[^\]]*\]/g, '');
  return /[$^]/.test(plain);
}

function canBeNothing(text: string): boolean {
  try {
    return compileRegexp(`^(?:${text})$`).test('');
  } catch {
    // `\$` was cut in two: the end is no anchor, and the text is not what it seems.
    return false;
  }
}
