import { type Command, historyOption, reportOption, specOption, varOption, verboseOption } from '../command.js';
import { Connections } from '../connections.js';
import { openHistory } from '../history.js';
import { chooseOutputs, writeReports } from '../output.js';
import { prepareSpec, readDraft } from '../prepare.js';
import { startProgress } from '../progress.js';
import { exitCodeOfRehearsal } from '../rehearsal-verdict.js';
import { buildBoth, chooseSpecialisations, inputOf } from '../rehearse/builds.js';
import { chooseRehearsal } from '../rehearse/choice.js';
import { findDeployed } from '../rehearse/deployed.js';
import { rehearse as performRehearsal, ways } from '../rehearse/rehearsal.js';
import { sayOnce } from '../rehearse/say-once.js';
import { runTarget, saveRuns } from '../verification.js';

const rehearse: Command = {
  name: 'rehearse',
  summary: 'Rehearse an upgrade in a VM: what is deployed, then the new configuration on its disk',
  arguments: [{ name: '<target>', summary: 'a target of the spec with `vm:`: the new configuration' }],
  options: [
    specOption,
    { flags: '--from <flakeref>', summary: 'what is deployed (default: the commit that production says it runs)' },
    { flags: '--production <target>', summary: 'who is asked what is deployed (default: the target that is no VM)' },
    { flags: '--by <way>', summary: 'how the upgrade is done (default: both, one after the other)', choices: ways },
    {
      flags: '--specialisation <name[=target]>',
      summary: 'also activate it, verify it (as another target of the spec), and go back; `all`; may be repeated',
      repeat: true,
    },
    { flags: '--switch-timeout <duration>', summary: 'how long a switch may take (default: as long as a boot)' },
    reportOption,
    verboseOption,
    varOption,
    { flags: '-F, --ssh-config <file>', summary: 'as `ssh -F`' },
    { flags: '--transport <name>', summary: 'how to connect, whatever the spec says', choices: ['ssh2', 'openssh'] },
    historyOption,
    { flags: '--no-save', summary: 'do not save the runs' },
  ],
  examples: [
    ['nixspec rehearse vm', 'from the commit that production runs to the working tree, by a switch and by a reboot'],
    ['nixspec rehearse vm --from github:me/config/v12#web', 'from a release'],
    ['nixspec rehearse vm --by boot', 'only by a reboot, as after a new kernel'],
    ['nixspec rehearse vm --specialisation all', 'each specialisation is activated and verified too'],
  ],
  async run(input, io) {
    const outputs = await chooseOutputs(input);
    const progress = await startProgress(io);
    const connections = new Connections(input.options, progress, io);
    try {
      const draft = await readDraft(input, io);
      const choice = await chooseRehearsal(draft, input);
      const prepared = await prepareSpec(draft, choice.targets, [], io);
      const options = sayOnce(await connections.vmOptions(choice.target));
      const history = openHistory(draft.folder, input.options.history);
      const build = inputOf(choice, options);
      const deployed = await findDeployed({ ...choice, build, connections, history, say: options.say });
      const builds = await buildBoth(deployed, build);
      const specialisations = chooseSpecialisations(choice.specialisations, builds);
      const verify = choice.verifier(prepared, (one, transport, stage) =>
        runTarget(prepared, one, transport, progress, io, { inventory: true, stage }),
      );
      const hide = (text: string) => prepared.masker?.text(text) ?? text;
      const rehearsed = await performRehearsal({ ...choice, builds, specialisations, options, verify, hide });
      if (input.options.save !== false) await saveRuns(rehearsed.runs, history);
      progress.stop();
      const rehearsal = { target: choice.target.name, from: deployed.name, reason: deployed.reason, to: choice.to };
      const { runs, comparisons, steps } = rehearsed;
      const result = { runs, comparisons, baselines: runs, rehearsal: { ...rehearsal, steps } };
      await writeReports(outputs, result, input, io);
      return exitCodeOfRehearsal(rehearsed);
    } finally {
      progress.stop();
      await connections.close();
    }
  },
};

export default rehearse;
