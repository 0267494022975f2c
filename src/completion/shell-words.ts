/** A command line as its words, as far as a completion needs it: quotes are taken away, nothing is expanded. */
export interface ShellWord {
  /** As typed. */
  readonly typed: string;
  readonly value: string;
  /** The quote that is still open at its end. */
  readonly open: '' | "'" | '"';
}

/**
 * Splits what stands before the cursor; the last word is the one that is being typed, and may be empty.
 * Follows the Shell Command Language of POSIX, 2.2; also right for zsh and fish in what people type.
 */
export function splitShellWords(line: string): readonly [...ShellWord[], ShellWord] {
  const words: ShellWord[] = [];
  let word: { typed: string; value: string; open: ShellWord['open'] } | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (word === undefined || word.open === '') {
      if (/\s/.test(character)) {
        if (word) words.push(word);
        word = undefined;
        continue;
      }
      word ??= { typed: '', value: '', open: '' };
      word.typed += character;
      if (character === "'" || character === '"') word.open = character;
      else if (character === '\\') {
        at += 1;
        word.typed += line.charAt(at);
        word.value += line.charAt(at);
      } else word.value += character;
      continue;
    }
    word.typed += character;
    if (character === word.open) word.open = '';
    else if (character === '\\' && word.open === '"' && /["\\$`]/.test(line.charAt(at + 1))) {
      at += 1;
      word.typed += line.charAt(at);
      word.value += line.charAt(at);
    } else word.value += character;
  }
  return [...words, word ?? { typed: '', value: '', open: '' }];
}

/**
 * Text as it is put behind what was typed, in the quotes that are open there: nothing in it is code.
 * @returns undefined where it cannot stand in these quotes
 */
export function quoteRest(text: string, open: ShellWord['open'], begins: boolean): string | undefined {
  if (open === "'") return text.includes("'") ? undefined : text;
  // Interactive shells expand `!` in double quotes too, where no backslash takes it away.
  if (open === '"') return text.includes('!') ? undefined : text.replace(/["\\$`]/g, '\\$&');
  const quoted = text.replace(/[^A-Za-z0-9_@%+=:,./~\u0080-\uffff-]/g, '\\$&');
  return begins ? quoted.replace(/^~/, '\\~') : quoted;
}
