import { listFolder } from './folder.js';
import type { Masker } from './mask/masker.js';

/** What a command may touch of the world; made once, in `cli.ts`. */
export interface Io {
  /** Only a report, or what was asked for, goes here. */
  out(text: string): void;
  /** Progress, warnings and errors. */
  err(text: string): void;
  /** Colours for standard output and for standard error. */
  readonly color: { readonly out: boolean; readonly err: boolean };
  readonly isTerminal: { readonly out: boolean; readonly err: boolean; readonly in: boolean };
  /** Columns of standard output, 80 where it is no terminal. */
  readonly width: number;
  readonly env: NodeJS.ProcessEnv;
  /** Fires on Ctrl-C and on a request to end. */
  readonly signal: AbortSignal;
  /** From now on all that goes out by `out`, `err` and `hide` is masked: the last line of defence. */
  conceal(masker: Masker): void;
  /** Text on its way past `out` and `err`: to a file, to a progress line. */
  hide(text: string): string;
}

/** What `cli.ts` is given: `guardOutput` makes it an `Io`. */
export type World = Omit<Io, 'conceal' | 'hide'>;

export interface CommandOption {
  /** As commander takes it: `-r, --report <name[=file]>`. */
  readonly flags: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  /** May be given several times; its value is a list then. */
  readonly repeat?: true;
}

export interface CommandArgument {
  /** As commander takes it: `<target...>`, `[topic]`. What stands in the brackets says what a shell completes there. */
  readonly name: string;
  readonly summary: string;
  /** Words that it may be, for completion; where it may be something else too, they stand before that. */
  readonly words?: readonly string[];
}

export interface CommandInput {
  readonly args: readonly string[];
  /** Those of `args` that stand behind `--`. */
  readonly afterDashes?: readonly string[];
  /** By long name in camelCase. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** A verb of the command line: one object in `commands/<name>.ts`. Its `run` is a table of contents. */
export interface Command {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  readonly arguments: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  /** Shown first by `--help`: a command line and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Gives the exit code. @throws NixspecError */
  run(input: CommandInput, io: Io): Promise<number>;
}

/** All names, sorted: `commands/verify.ts` is `verify`. */
export function commandNames(): readonly string[] {
  return listFolder(import.meta.url, 'commands');
}

/** Imports one command by name; it imports what is heavy only when it runs. */
export async function loadCommand(name: string): Promise<Command> {
  return ((await import(`./commands/${name}.js`)) as { default: Command }).default;
}

/** Options that several commands share. */
export const specOption: CommandOption = {
  flags: '-s, --spec <file>',
  summary: 'the spec (default: nixspec.yaml; - is standard input)',
};
export const varOption: CommandOption = {
  flags: '--var <name=value>',
  summary: 'set a variable of the spec; may be repeated',
  repeat: true,
};
export const historyOption: CommandOption = {
  flags: '--history <folder>',
  summary: 'the folder that holds .nixspec (default: that of the spec)',
};
export const reportOption: CommandOption = {
  flags: '-r, --report <name[=file]>',
  summary: 'how to report, and where; may be repeated (default: lines)',
  repeat: true,
};
export const verboseOption: CommandOption = {
  flags: '-v, --verbose',
  summary: 'show everything: what passed and its values, all changes',
};
