import { commandNames, loadCommand } from '../command.js';
import { printable } from '../terminal.js';
import { findPlace, type Place } from './place.js';
import { quoteRest, type ShellWord, splitShellWords } from './shell-words.js';
import { type Candidate, type Fitting, findFitting } from './sources.js';

/**
 * Answers a shell that completes: `nixspec __complete SHELL …`. The first line says what to do beside: `:files` that files fit
 * too, `:nospace` that no blank is to follow, `:none`. Then a candidate a line, with a tab and what it is.
 *
 * bash gives the line up to the cursor and the word that it is about to replace, and gets what to put in its place,
 * quoted: it knows neither descriptions nor quoting of its own. zsh and fish give the words and quote for themselves.
 *
 * @returns text, empty where nothing is known; never throws
 */
export async function answerCompletion([shell = '', ...given]: readonly string[]): Promise<string> {
  try {
    if (shell !== 'bash') {
      const words = [...given.slice(0, -1), splitShellWords(given.at(-1) ?? '').at(-1)?.value ?? ''];
      return showLines(await complete(shell === 'zsh' ? given : words), ({ value }) => value);
    }
    const words = splitShellWords(given[0] ?? '');
    const last = words.at(-1);
    const fitting = await complete(words.slice(1).map(({ value }) => value));
    return last ? showLines(fitting, replaceFor(last, given[1] ?? '')) : '';
  } catch {
    // Whoever is typing is not to be shown errors of a line that is not finished.
    return '';
  }
}

async function complete(words: readonly string[]): Promise<Fitting> {
  const names = commandNames();
  const load = async (name: string) => (names.includes(name) ? loadCommand(name) : undefined);
  const place = await findPlace(words, load);
  const typed = words.at(-1) ?? '';
  if (place?.kind !== 'value') return { candidates: await listWords(place, names), files: false };
  const found = await findFitting(place.what, place.choices, place.given, typed.slice(place.before.length));
  return { ...found, candidates: found.candidates.map((one) => ({ ...one, value: `${place.before}${one.value}` })) };
}

async function listWords(place: Place | undefined, names: readonly string[]): Promise<readonly Candidate[]> {
  if (place?.kind === 'option') {
    return place.options.flatMap(({ names: forms, summary }) => forms.map((value) => ({ value, summary })));
  }
  if (place?.kind !== 'command') return [];
  const commands = await Promise.all(names.map(loadCommand));
  return commands.map(({ name, summary }) => ({ value: name, summary }));
}

function showLines({ candidates, files }: Fitting, write: (one: Candidate) => string | undefined): string {
  // A name with a line end or an escape in it is nobody's: it could only harm.
  const clean = candidates.filter(({ value }) => value !== '' && printable(value) === value);
  const written = clean.flatMap((one) => {
    const value = write(one);
    return value === undefined ? [] : `${value}\t${printable(one.summary ?? '')}`;
  });
  const goesOn = clean.length > 0 && clean.every((one) => one.goesOn === true);
  return `${[files ? ':files' : goesOn ? ':nospace' : ':none', ...new Set(written)].join('\n')}\n`;
}

/** What bash is to put in the place of the part of the word that it replaces: it breaks words at `=` and `:` too. */
function replaceFor(word: ShellWord, replaced: string): (one: Candidate) => string | undefined {
  const keeps = word.typed.endsWith(replaced) ? word.typed.slice(0, word.typed.length - replaced.length) : '';
  const kept = splitShellWords(keeps).at(-1);
  const head = kept?.value ?? '';
  return ({ value }) =>
    value.startsWith(word.value) && value.startsWith(head)
      ? quoteRest(value.slice(head.length), kept?.open ?? '', head === '')
      : undefined;
}
