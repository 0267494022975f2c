#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command as Commander } from 'commander';
import { type Command, type CommandInput, commandNames, type Io, loadCommand, type World } from './command.js';
import { exitCodes, NixspecError } from './error.js';
import { guardOutput } from './guard-output.js';
import { helpWidth, showExamples } from './help.js';
import { makePaint, printable, wantsColor } from './terminal.js';
import { readVersion } from './version.js';

/** argv to exit code. Only this file ends the process. */
export function main(argv: readonly string[], world: World): Promise<number> {
  return run(argv, guardOutput(world));
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === '--version' || argv[0] === '-V') {
    io.out(`${readVersion()}\n`);
    return exitCodes.passed;
  }
  if (argv[0] === '__complete') {
    const { answerCompletion } = await import('./completion/answer.js');
    io.out(await answerCompletion(argv.slice(1)));
    return exitCodes.passed;
  }
  try {
    const names = commandNames();
    const [verb = ''] = argv;
    // One verb is loaded alone; help needs the summaries of all.
    const commands = await Promise.all((names.includes(verb) ? [verb] : names).map(loadCommand));
    return await parseAndRun(argv, commands, io);
  } catch (error) {
    return explainFailure(error, io);
  }
}

/** Reads a command line and runs its command. For `main`, and for the test that reads the command lines of the documentation. */
export async function parseAndRun(argv: readonly string[], commands: readonly Command[], io: Io): Promise<number> {
  const { Command: Program, CommanderError, Option } = await import('commander');
  let exitCode: number = exitCodes.passed;
  const width = helpWidth(io.width);
  const program: Commander = new Program('nixspec')
    .description(
      'Verify a NixOS server: its staging VM before the switch, production right after it, and compare the two.',
    )
    .version(readVersion(), '-V, --version', 'show the version')
    .option('--color <when>', 'auto, always or never (NO_COLOR is honoured)')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    // What a command takes is said by its own help; here a narrow column would be left for what it does.
    .configureHelp({ minWidthToWrap: 20, subcommandTerm: (one) => one.name() })
    .addHelpText('before', showExamples(width))
    .addHelpText('after', '\n`nixspec explain` explains whatever has a name.');
  for (const command of commands) {
    const verb = program.command(command.name).summary(command.summary).description(`${command.summary}.`);
    verb.addHelpText('before', showExamples(width, command.examples)).exitOverride();
    for (const argument of command.arguments) verb.argument(argument.name, argument.summary);
    for (const option of command.options) {
      const described = new Option(option.flags, option.summary);
      if (option.choices) described.choices([...option.choices]);
      if (option.repeat)
        described.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
      verb.addOption(described);
    }
    verb.option('--color <when>', 'auto, always or never (NO_COLOR is honoured)');
    verb.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2).flat() as (string | undefined)[];
      const options = { ...program.opts(), ...verb.opts() } as CommandInput['options'];
      const dashes = argv.indexOf('--');
      const afterDashes = dashes === -1 ? [] : argv.slice(dashes + 1);
      exitCode = await command.run(
        { args: args.filter((word) => word !== undefined), options, afterDashes },
        withColor(io, options),
      );
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.passed : exitCodes.usage;
  }
  return exitCode;
}

function withColor(io: Io, options: CommandInput['options']): Io {
  const choice = typeof options.color === 'string' ? options.color : undefined;
  if (choice !== undefined && !['auto', 'always', 'never'].includes(choice)) {
    throw new NixspecError('usage', `--color takes auto, always or never, not "${choice}"`, {
      operation: 'read options',
    });
  }
  const color = {
    out: wantsColor(choice, io.env, io.isTerminal.out),
    err: wantsColor(choice, io.env, io.isTerminal.err),
  };
  return { ...io, color };
}

/** Known failures are told in a line or two; anything else is a defect of ours, with its stack. */
function explainFailure(error: unknown, io: Io): number {
  const paint = makePaint(io.color.err);
  if (error instanceof NixspecError) {
    if (error.message !== '') {
      io.err(`${paint('red', 'error')}[${error.code}]: ${printable(error.message, { lines: true })}\n`);
    }
    if (error.hint !== undefined) io.err(`${paint('cyan', 'hint')}: ${printable(error.hint, { lines: true })}\n`);
    return error.exitCode;
  }
  io.err('This is a defect in nixspec. Please report it with the following lines and the command line.\n');
  io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.defect;
}

/** The real world. The first request to end lets everything be cleaned up; the second one ends at once. */
function makeWorld(): World {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(exitCodes.interrupted);
      ending.abort();
    });
  }
  // A reader that went away (`nixspec … | head`) is no defect.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.passed);
    throw error;
  });
  const color = {
    out: wantsColor(undefined, process.env, process.stdout.isTTY === true),
    err: wantsColor(undefined, process.env, process.stderr.isTTY === true),
  };
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color,
    isTerminal: {
      out: process.stdout.isTTY === true,
      err: process.stderr.isTTY === true,
      in: process.stdin.isTTY === true,
    },
    width: process.stdout.columns ?? 80,
    env: process.env,
    signal: ending.signal,
  };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const io = guardOutput(makeWorld());
  // What is thrown where nobody waits for it would be printed by Node.js, past the mask.
  process.on('uncaughtException', (error) => process.exit(explainFailure(error, io)));
  const exitCode = await run(process.argv.slice(2), io);
  // Everything was written and closed by now, or is not worth waiting for (an agent's socket, a keep-alive timer).
  process.stdout.write('', () => process.exit(exitCode));
}
