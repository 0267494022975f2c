import type { Value } from './model.js';

/** Deeper than any honest document; what goes through JSON after this may recurse. */
const deepest = 200;

/** Text as JSON, or why it is none. Never throws, however deep the text nests. */
export function parseJson(text: string): { readonly value: Value } | { readonly mistake: string } {
  if (isDeep(text)) return { mistake: `it nests deeper than ${deepest} levels` };
  try {
    return { value: JSON.parse(text) as Value };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
}

/** Counts brackets outside strings, before anything is built. */
function isDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '{' || character === '[')) depth += 1;
    else if (!quoted && (character === '}' || character === ']')) depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}
