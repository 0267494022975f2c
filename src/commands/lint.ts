import { type Command, type CommandInput, type Io, specOption, varOption } from '../command.js';
import { NixspecError } from '../error.js';
import { lintExitCode } from '../lint/exit-code.js';
import { type LintedSpec, lintSpec } from '../lint/lint-spec.js';
import { lintFormatNames, loadLintFormat } from '../lint-format.js';
import { type LintRule, lintRuleNames, loadLintRules } from '../lint-rule.js';
import { loadDraft, textList } from '../prepare.js';
import { readVersion } from '../version.js';

const lint: Command = {
  name: 'lint',
  summary: 'Check specs for every one of their targets, and for what cannot be meant, without connecting anywhere',
  arguments: [{ name: '[file...]', summary: 'the specs, in place of --spec; each by itself, with what it includes' }],
  options: [
    specOption,
    varOption,
    { flags: '--format <name>', summary: 'how to tell (default: lines)', choices: lintFormatNames() },
    {
      flags: '--ignore <rule>',
      summary: 'do not ask a rule (`nixspec explain` lists them); may be repeated',
      repeat: true,
    },
    { flags: '--strict', summary: 'warnings count as mistakes: the exit code is 65 then' },
    { flags: '--fix', summary: 'mend what can be mended without changing what is asserted, in the files' },
    { flags: '--dry-run', summary: 'with --fix: show the changes, and change nothing' },
  ],
  examples: [
    ['nixspec lint', 'check nixspec.yaml'],
    ['nixspec lint servers/*.yaml --strict', 'check several, as CI would'],
    ['nixspec lint --fix --dry-run', 'what --fix would change'],
    ['nixspec explain always-holds', 'what a rule is about'],
  ],
  async run({ args, options }, io) {
    refuseOptions(args, options);
    const rules = await loadLintRules(chooseRules(textList(options.ignore)));
    const format = await loadLintFormat(typeof options.format === 'string' ? options.format : 'lines');
    const specs: LintedSpec[] = [];
    for (const file of args.length > 0 ? args : [options.spec]) {
      specs.push(await lintFile({ args: [], options: { ...options, spec: file } }, rules, io));
    }
    const { out, err } = format.render(specs, { color: io.color.err, version: readVersion(), rules });
    io.err(err);
    io.out(out);
    return lintExitCode(specs, { strict: options.strict === true });
  },
};

export default lint;

async function lintFile(input: CommandInput, rules: readonly LintRule[], io: Io): Promise<LintedSpec> {
  const draft = await loadDraft(input, io);
  const linted = await lintSpec(draft, rules, new Date());
  if (input.options.fix !== true) return linted;
  const { fixFiles } = await import('../lint/fix-files.js');
  const fixed = await fixFiles(draft, linted, { dryRun: input.options.dryRun === true }, io);
  return fixed ? lintSpec(await loadDraft(input, io), rules, new Date()) : linted;
}

/** Rules alone can be silenced: what keeps `verify` from running cannot. */
function chooseRules(ignored: readonly string[]): readonly string[] {
  const names = lintRuleNames();
  const unknown = ignored.find((name) => !names.includes(name));
  if (unknown === undefined) return names.filter((name) => !ignored.includes(name));
  throw new NixspecError('usage', `there is no rule "${unknown}"`, {
    operation: 'choose rules',
    hint: `rules are ${names.join(', ')}`,
  });
}

function refuseOptions(args: readonly string[], { spec, fix, dryRun }: CommandInput['options']): void {
  const refuse = (message: string, hint: string) => {
    throw new NixspecError('usage', message, { operation: 'read options', hint });
  };
  if (dryRun === true && fix !== true) refuse('--dry-run goes with --fix', '`lint` alone changes nothing');
  const files = args.length > 0 ? args : [spec];
  if (fix === true && files.includes('-')) refuse('standard input cannot be mended', 'give --fix a file');
}
