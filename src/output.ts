import { writeFile } from 'node:fs/promises';
import type { CommandInput, Io } from './command.js';
import { NixspecError } from './error.js';
import { loadReport, type Report, type Result, reportNames } from './report.js';
import { makePaint } from './terminal.js';

/** A report and where it goes; no file is standard output. */
export interface Output {
  readonly report: Report;
  readonly file?: string;
}

/**
 * Reads `--report name[=file]`; checked before anything runs, so that no verification is lost to a misspelt name.
 * @throws NixspecError `usage`
 */
export async function chooseOutputs({ options }: CommandInput): Promise<Output[]> {
  const given = Array.isArray(options.report) ? (options.report as string[]) : ['lines'];
  const outputs = await Promise.all(given.map(readOutput));
  if (outputs.filter(({ file }) => file === undefined).length > 1) {
    throw new NixspecError('usage', 'only one report can go to standard output', {
      operation: 'read options',
      hint: 'give the others a file: --report json=run.json',
    });
  }
  return outputs;
}

async function readOutput(given: string): Promise<Output> {
  const [name = '', ...rest] = given.split('=');
  const file = rest.join('=');
  if (!reportNames().includes(name)) {
    throw new NixspecError('usage', `there is no report "${name}"`, {
      operation: 'read options',
      hint: `the reports are ${reportNames().join(', ')}`,
    });
  }
  return { report: await loadReport(name), ...(file !== '' && { file }) };
}

/** Renders each report to its place. Files have no colours. */
export async function writeReports(
  outputs: readonly Output[],
  result: Result,
  input: CommandInput,
  io: Io,
  show = { runs: true },
): Promise<void> {
  for (const { report, file } of outputs) {
    const paint = makePaint(file === undefined && io.color.out);
    const text = report.render(result, {
      paint,
      verbose: input.options.verbose === true,
      width: io.width,
      runs: show.runs,
    });
    if (file === undefined) io.out(text);
    else await writeReport(file, io.hide(text));
  }
}

async function writeReport(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: Error) => {
    throw new NixspecError('usage', `cannot write the report ${file}: ${cause.message}`, {
      operation: 'write report',
      cause,
    });
  });
}
