import type { Command, CommandOption } from '../command.js';

/** An option as it is typed. */
export interface OptionForm {
  readonly names: readonly string[];
  readonly summary: string;
  readonly repeat: boolean;
  /** What stands in its brackets: `file` of `--spec <file>`. */
  readonly value?: string;
  readonly choices?: readonly string[];
}

/** What every command takes. */
const everywhere: readonly CommandOption[] = [
  { flags: '--color <when>', summary: 'colours', choices: ['auto', 'always', 'never'] },
  { flags: '-h, --help', summary: 'show its help' },
];

export const globalOptions: readonly OptionForm[] = [
  ...everywhere,
  { flags: '-V, --version', summary: 'show the version' },
].map(readForm);

/** The options of a command, with those that every command has. */
export function optionsOf(command: Command): readonly OptionForm[] {
  return [...command.options, ...everywhere].map(readForm);
}

function readForm({ flags, summary, choices, repeat }: CommandOption): OptionForm {
  const names = flags.split(/[ ,|]+/).filter((word) => word.startsWith('-'));
  const [, value] = /[<[](.+)[\]>]$/.exec(flags) ?? [];
  return {
    names,
    summary,
    repeat: repeat === true,
    ...(value !== undefined && { value }),
    ...(choices && { choices }),
  };
}
