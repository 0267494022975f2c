import { type Command, specOption, varOption } from '../command.js';
import { exitCodes } from '../error.js';
import { loadDraft, parseForTargets, sortProblems, tellProblems } from '../prepare.js';

const lint: Command = {
  name: 'lint',
  summary: 'Check a spec for every one of its targets, without connecting anywhere',
  arguments: [{ name: '[file]', summary: 'the spec, in place of --spec' }],
  options: [
    specOption,
    varOption,
    {
      flags: '--format <name>',
      summary: 'lines, or json: one list of problems on standard output',
      choices: ['lines', 'json'],
    },
  ],
  examples: [
    ['nixspec lint', 'check nixspec.yaml'],
    ['nixspec lint servers/web.yaml', 'check another spec'],
  ],
  async run({ args, options }, io) {
    const file = args[0] === undefined ? {} : { spec: args[0] };
    const draft = await loadDraft({ args, options: { ...options, ...file } }, io);
    const { checkShape } = await import('../spec/shape.js');
    const shape = await checkShape(draft.source);
    const { problems, entries } = await parseForTargets(draft, [...draft.targets.values()]);
    const all = sortProblems([...draft.source.problems, ...draft.problems, ...shape, ...problems]);
    if (options.format === 'json') {
      io.out(`${JSON.stringify(all, undefined, 2)}\n`);
      return all.some(({ severity }) => severity === 'error') ? exitCodes.spec : exitCodes.passed;
    }
    tellProblems(all, io);
    const counts = [...entries].map(([target, { length }]) => `${countEntries(length)} for ${target}`);
    io.out(`${draft.file}: no mistakes; ${counts.join(', ')}\n`);
    const vacuous = [...entries.values()].some(({ length }) => length === 0);
    return vacuous ? exitCodes.unknown : exitCodes.passed;
  },
};

export default lint;

function countEntries(count: number): string {
  if (count === 0) return 'nothing';
  return count === 1 ? '1 entry' : `${count} entries`;
}
