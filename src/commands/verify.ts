import { type Command, historyOption, reportOption, specOption, varOption, verboseOption } from '../command.js';
import { Connections } from '../connections.js';
import { openHistory } from '../history.js';
import { chooseOutputs, writeReports } from '../output.js';
import { chooseTargets, glimpseDraft, loadWhatFollows, prepareSpec, readDraft, textList } from '../prepare.js';
import { startProgress } from '../progress.js';
import { exitCodeOf } from '../verdict.js';
import { compareAll, findBaselines, findPrevious, runTargets, saveRuns, throwFirst } from '../verification.js';
import { keepWatching, readEvery } from '../verification-watch.js';

const verify: Command = {
  name: 'verify',
  summary: 'Run the assertions of a spec on one or more targets, and compare with an earlier run',
  arguments: [{ name: '<target...>', summary: 'targets of the spec; several run side by side' }],
  options: [
    specOption,
    reportOption,
    verboseOption,
    { flags: '-t, --tag <tag>', summary: 'only entries with this tag; may be repeated', repeat: true },
    varOption,
    { flags: '-c, --compare-with <target|run|none>', summary: "in place of the target's compare-with" },
    { flags: '-F, --ssh-config <file>', summary: 'as `ssh -F`' },
    { flags: '--transport <name>', summary: 'how to connect, whatever the spec says', choices: ['ssh2', 'openssh'] },
    historyOption,
    { flags: '--no-save', summary: 'do not save the runs' },
    { flags: '--watch [every]', summary: 'go on until stopped (default: every 10s), and report what changes' },
    { flags: '--no-inventory', summary: 'do not keep, and not compare, what else there is on the host' },
  ],
  examples: [
    ['nixspec verify vm', 'before the switch: does it work in the staging VM?'],
    ['nixspec verify production', 'after it: does it work there, and what differs from the VM?'],
    ['nixspec verify production -r lines -r json=run.json', 'two reports, one to a file'],
    ['nixspec verify production --watch=30s', 'go on, and report what changes'],
  ],
  async run(input, io) {
    const every = readEvery(input);
    const outputs = await chooseOutputs(input);
    const progress = await startProgress(io);
    const connections = new Connections(input.options, progress, io);
    try {
      connections.open((await glimpseDraft(input, io)).filter(({ vm }) => !vm));
      await loadWhatFollows();
      const draft = await readDraft(input, io);
      const targets = chooseTargets(draft, input.args);
      connections.open(targets.filter(({ vm }) => !vm));
      const tags = textList(input.options.tag);
      const prepared = await prepareSpec(draft, targets, tags, io);
      // No VM is built and booted for a spec with mistakes.
      connections.open(targets);
      const { runs, failures } = await runTargets(prepared, connections, progress, io, {
        inventory: input.options.inventory !== false,
      });
      const history = openHistory(draft.folder, input.options.history);
      const found = await findBaselines(runs, targets, input.options, history, progress);
      const previous = await findPrevious(runs, found, input.options, history);
      if (input.options.save !== false) await saveRuns(runs, history);
      const comparisons = await compareAll(runs, found, previous, tags.length > 0, prepared.masker);
      progress.stop();
      const baselines = [...found.values(), ...previous.values()];
      await writeReports(outputs, { runs, comparisons, baselines }, input, io);
      if (every !== undefined) {
        return await keepWatching({ prepared, runs, outputs, history, input, every }, progress, io);
      }
      throwFirst([...failures, ...connections.lost]);
      return exitCodeOf(runs, comparisons);
    } finally {
      await connections.close();
      progress.stop();
    }
  },
};

export default verify;
