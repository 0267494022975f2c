import { type Command, historyOption, reportOption, specOption, verboseOption } from '../command.js';
import { compareRuns } from '../diff.js';
import { loadRun, openHistory } from '../history.js';
import { chooseOutputs, writeReports } from '../output.js';
import { folderOf } from '../prepare.js';
import { exitCodeOf } from '../verdict.js';

const diff: Command = {
  name: 'diff',
  summary: 'Compare two saved runs',
  arguments: [
    {
      name: '<before>',
      summary: 'a target (its last run), target~1 (the one before), target@42 (of generation 42), an id, or a file',
    },
    { name: '<after>', summary: 'likewise' },
  ],
  options: [specOption, reportOption, verboseOption, historyOption],
  examples: [
    ['nixspec diff vm production', 'what differs between the last runs of the two'],
    ['nixspec diff production~1 production', 'what changed since the run before the last, asserted or not'],
    ['nixspec diff before.json after.json', 'two runs kept as files'],
  ],
  async run(input, io) {
    const outputs = await chooseOutputs(input);
    const history = openHistory(folderOf(input), input.options.history);
    const [before = '', after = ''] = input.args;
    const [from, to] = await Promise.all([loadRun(history, before), loadRun(history, after)]);
    const comparison = compareRuns(from, to);
    await writeReports(outputs, { runs: [from, to], comparisons: [comparison], baselines: [from] }, input, io, {
      runs: false,
    });
    return exitCodeOf([], [comparison]);
  },
};

export default diff;
