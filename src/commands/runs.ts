import { type Command, historyOption, specOption } from '../command.js';
import { exitCodes } from '../error.js';
import { listRuns, openHistory } from '../history.js';
import type { Run } from '../model.js';
import { folderOf } from '../prepare.js';
import { makePaint, printable } from '../terminal.js';
import { countOutcomes } from '../verdict.js';

const runs: Command = {
  name: 'runs',
  summary: 'List the saved runs, latest last',
  arguments: [{ name: '[target]', summary: 'only runs of this target' }],
  options: [
    specOption,
    historyOption,
    { flags: '--json', summary: 'one JSON object for each run, without facts and outcomes' },
  ],
  examples: [
    ['nixspec runs', 'all saved runs with their counts'],
    ['nixspec runs production', 'those of one target'],
  ],
  async run({ args, options }, io) {
    const history = openHistory(folderOf({ options }), options.history);
    const { runs: all, unreadable } = await listRuns(history);
    const chosen = all.filter((run) => args[0] === undefined || run.target === args[0]);
    for (const run of chosen) io.out(options.json === true ? describeAsJson(run) : describeRun(run, io.color.out));
    for (const id of unreadable)
      io.err(`${printable(id)} in ${history.folder} is not a run that this version can read\n`);
    if (chosen.length === 0) io.err(`no runs are saved in ${history.folder}\n`);
    return exitCodes.passed;
  },
};

export default runs;

function describeRun(run: Run, color: boolean): string {
  const paint = makePaint(color);
  const counts = countOutcomes(run);
  const words = Object.entries(counts).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
  const system =
    run.system.generation === undefined ? (run.system.hostname ?? '') : `generation ${run.system.generation}`;
  return `${printable(run.id)}  ${words.join(', ') || 'nothing judged'}  ${paint('gray', printable(system))}\n`;
}

function describeAsJson(run: Run): string {
  const { id, target, reached, started, finished, system } = run;
  return `${JSON.stringify({ id, target, reached, started, finished, system, counts: countOutcomes(run) })}\n`;
}
