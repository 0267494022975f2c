import type { Command, CommandInput, Io } from '../command.js';
import { exitCodes, NixspecError } from '../error.js';
import type { Problem } from '../model.js';
import { textList } from '../prepare.js';
import { drawProblem } from '../problem.js';

const importCommand: Command = {
  name: 'import',
  summary: 'Turn gossfiles into a spec that gives the same verdicts',
  arguments: [
    { name: '<format>', summary: 'where they come from: goss', words: ['goss'] },
    { name: '<file...>', summary: 'gossfiles, YAML or JSON; - is standard input' },
  ],
  options: [
    { flags: '-o, --output <file>', summary: 'write the spec there, in place of standard output' },
    { flags: '-f, --force', summary: 'overwrite the file that is there' },
    { flags: '--vars <file>', summary: 'variables of the templates, as `goss --vars`; may be repeated', repeat: true },
    { flags: '--vars-inline <yaml>', summary: 'variables of the templates, as `goss --vars-inline`' },
    {
      flags: '--target <name=address>',
      summary: 'a target of the spec, by its SSH address; may be repeated (default: this machine)',
      repeat: true,
    },
  ],
  examples: [
    ['nixspec import goss goss.yaml', 'the spec on standard output, what is to be said on standard error'],
    ['nixspec import goss goss.yaml --vars vars.yaml -o nixspec.yaml', 'templates worked out, written to a file'],
    ['nixspec import goss a.yaml b.yaml --target web=root@web.example.org', 'several gossfiles, for a server'],
  ],
  async run({ args, options }, io) {
    const [format, ...paths] = args;
    if (format !== 'goss') {
      throw new NixspecError('usage', `there is no import from "${format}"`, {
        operation: 'import',
        hint: 'goss it is',
      });
    }
    const { loadVars, readSuite } = await import('../goss/read.js');
    const vars = await loadVars(textList(options.vars), options.varsInline);
    const suite = await readSuite(paths, { env: io.env, vars, stdin: process.stdin });
    tellUnreadable(suite.problems, io);
    const [{ makeSpec }, { lintText }] = await Promise.all([
      import('../goss/make-spec.js'),
      import('../goss/check.js'),
    ]);
    const spec = await makeSpec(suite, readTargets(options.target), (text) => lintText(text, io.env));
    await writeSpec(spec.text, options, io);
    const { listRemarks, summarize } = await import('../goss/remarks.js');
    for (const line of listRemarks(spec.remarks)) io.err(`${line}\n`);
    io.err(`${summarize(spec.entries, spec.remarks)}\n`);
    const isWhole = spec.entries > 0 && spec.remarks.every(({ kind }) => kind !== 'lost');
    return isWhole ? exitCodes.passed : exitCodes.unknown;
  },
};

export default importCommand;

/** What Goss could not load either. @throws NixspecError */
function tellUnreadable(problems: readonly Problem[], io: Io): void {
  for (const problem of problems) io.err(`${drawProblem(problem, { color: io.color.err })}\n`);
  if (problems.length > 0) {
    throw new NixspecError('spec-invalid', 'nothing was written, as not all could be read', { operation: 'import' });
  }
}

function readTargets(given: CommandInput['options'][string]): readonly { name: string; ssh: string }[] {
  return textList(given).map((pair) => {
    const at = pair.indexOf('=');
    if (at > 0 && at < pair.length - 1) return { name: pair.slice(0, at), ssh: pair.slice(at + 1) };
    throw new NixspecError('usage', `--target takes name=address, not "${pair}"`, { operation: 'read options' });
  });
}

/** A spec that somebody wrote by hand is not lost by mistake. @throws NixspecError */
async function writeSpec(text: string, { output, force }: CommandInput['options'], io: Io): Promise<void> {
  if (typeof output !== 'string') return io.out(text);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(output, text, { flag: force === true ? 'w' : 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    const there = cause.code === 'EEXIST';
    throw new NixspecError(
      'usage',
      there ? `${output} is there already` : `${output} cannot be written: ${cause.message}`,
      {
        operation: 'write spec',
        cause,
        ...(there && { hint: 'overwrite it by --force' }),
      },
    );
  });
}
