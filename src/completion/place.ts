import type { Command } from '../command.js';
import { globalOptions, type OptionForm, optionsOf } from './option-table.js';

/** Where the cursor stands, and what it takes. */
export type Place =
  | { readonly kind: 'command' }
  | { readonly kind: 'option'; readonly options: readonly OptionForm[] }
  /** `before` is what stands in the same word before the value: `--spec=`. */
  | {
      readonly kind: 'value';
      readonly what: string;
      readonly choices: readonly string[];
      readonly before: string;
      readonly given: Given;
    };

/** What stands on the command line already. */
export interface Given {
  readonly command: string;
  readonly words: readonly string[];
  readonly spec: string | undefined;
  readonly history: string | undefined;
}

/**
 * Reads the words before the cursor as the command line would be read, and says what the last one is.
 * @param words behind `nixspec`; the last one is being typed
 */
export async function findPlace(
  words: readonly string[],
  load: (name: string) => Promise<Command | undefined>,
): Promise<Place | undefined> {
  const start = skipGlobal(words);
  const [name = '', ...rest] = words.slice(start);
  const typed = words.at(-1) ?? '';
  if (start >= words.length - 1) {
    if (start > words.length - 1) return colorValue('');
    return typed.startsWith('-') ? { kind: 'option', options: globalOptions } : { kind: 'command' };
  }
  const command = await load(name);
  return command && readRest(command, rest);
}

/** Options may stand before the command; of them only `--color` takes a value. */
function skipGlobal(words: readonly string[]): number {
  let at = 0;
  while (at < words.length - 1 && words[at]?.startsWith('-')) at += words[at] === '--color' ? 2 : 1;
  return at;
}

function colorValue(before: string): Place {
  const given = { command: '', words: [], spec: undefined, history: undefined };
  return { kind: 'value', what: 'when', choices: ['auto', 'always', 'never'], before, given };
}

function readRest(command: Command, words: readonly string[]): Place | undefined {
  const options = optionsOf(command);
  const find = (name: string) => options.find(({ names }) => names.includes(name));
  const positional: string[] = [];
  const used = new Set<OptionForm>();
  const values = new Map<string, string>();
  let pending: OptionForm | undefined;
  let onlyWords = false;
  const [typed = '', before] = [words.at(-1), words.slice(0, -1)];
  const given = (): Given => ({
    command: command.name,
    words: positional,
    spec: values.get('--spec'),
    history: values.get('--history'),
  });
  for (const word of before) {
    if (pending) {
      for (const name of pending.names) values.set(name, word);
      pending = undefined;
    } else if (!onlyWords && word === '--') onlyWords = true;
    else if (!onlyWords && word.startsWith('-') && word !== '-') {
      const [head = '', ...tail] = word.split('=');
      const option = find(head);
      if (option) used.add(option);
      if (option && tail.length > 0) for (const name of option.names) values.set(name, tail.join('='));
      else if (option?.value !== undefined) pending = option;
    } else positional.push(word);
  }
  const placeOf = (option: OptionForm, head: string): Place => ({
    kind: 'value',
    what: option.value ?? '',
    choices: option.choices ?? [],
    before: head,
    given: given(),
  });
  if (pending) return placeOf(pending, '');
  if (!onlyWords && typed.startsWith('-')) {
    const at = typed.indexOf('=');
    const option = at === -1 ? undefined : find(typed.slice(0, at));
    if (at !== -1) return option?.value === undefined ? undefined : placeOf(option, typed.slice(0, at + 1));
    return { kind: 'option', options: options.filter((one) => one.repeat || !used.has(one)) };
  }
  return onlyWords && command.name === 'switch' ? undefined : argumentPlace(command, positional, given());
}

/** Words such as `status` of `switch status TARGET` stand before the argument, not in its place. */
function argumentPlace(command: Command, positional: readonly string[], given: Given): Place | undefined {
  const [first, ...more] = command.arguments;
  const isAction = first?.words?.includes(positional[0] ?? '') === true && first.name.includes('target');
  const count = isAction ? positional.length - 1 : positional.length;
  const argument = [first, ...more][Math.min(count, command.arguments.length - 1)];
  if (!argument || (count >= command.arguments.length && !argument.name.includes('...'))) return undefined;
  return {
    kind: 'value',
    what: argument.name.replace(/^[<[]|(\.\.\.)?[\]>]$/g, ''),
    choices: isAction ? [] : (argument.words ?? []),
    before: '',
    given: isAction ? { ...given, words: positional.slice(1) } : given,
  };
}
