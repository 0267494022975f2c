import { type Command, historyOption, reportOption, specOption, varOption, verboseOption } from '../command.js';
import { exitCodes } from '../error.js';
import { chooseOutputs } from '../output.js';
import { startProgress } from '../progress.js';

const switchCommand: Command = {
  name: 'switch',
  summary: 'Switch a machine and verify it; where something broke, it goes back, even by itself',
  arguments: [
    {
      name: '<target>',
      summary: 'a target of the spec; or status, confirm or rollback, and then the target',
      words: ['status', 'confirm', 'rollback'],
    },
    { name: '[words...]', summary: 'behind `--`: a deployer of your own, which is guarded' },
  ],
  options: [
    specOption,
    { flags: '--flake <ref>', summary: 'the new system, built here: .#host (default: that of the staging VM)' },
    { flags: '--closure <path>', summary: 'the new system, in the Nix store here or there: ./result' },
    { flags: '--soak <duration>', summary: 'how long to wait for what breaks late (default: 60s)' },
    {
      flags: '--deadline <duration>',
      summary: 'for all of it; then it goes back (default: the soak and 15m, 30m with --reboot)',
    },
    { flags: '--allow-broken <id>', summary: 'an assertion or a unit that may break; may be repeated', repeat: true },
    { flags: '--confirm', summary: 'show the comparison and ask before keeping, the timer running' },
    { flags: '--reboot', summary: 'where it needs a reboot (a kernel, an inhibitor): reboot, and verify after it' },
    { flags: '--no-rollback', summary: 'leave what broke running; it does not become the boot default' },
    { flags: '--without-staging', summary: 'whatever the staging run said' },
    { flags: '--dry-run', summary: 'print every command that would run' },
    reportOption,
    verboseOption,
    varOption,
    { flags: '-F, --ssh-config <file>', summary: 'as `ssh -F`' },
    { flags: '--transport <name>', summary: 'how to connect, whatever the spec says', choices: ['ssh2', 'openssh'] },
    historyOption,
    { flags: '--no-save', summary: 'do not save the runs' },
    { flags: '--no-inventory', summary: 'do not keep, and not compare, what else there is on the host' },
  ],
  examples: [
    ['nixspec switch production', "to the staging VM's flake, if its run passed"],
    ['nixspec switch production --flake .#web --confirm', 'ask before it is kept'],
    ['nixspec switch production --reboot', 'a new kernel: booted once, verified, and only then the boot default'],
    ['nixspec switch production -- nixos-rebuild switch --flake .#web --target-host root@web', 'guard a deployer'],
    ['nixspec switch status production', 'what is armed there, and until when'],
    ['nixspec switch confirm production', 'keep it, though the nixspec that switched is gone'],
    ['nixspec switch rollback production', 'go back now'],
  ],
  async run(input, io) {
    const [{ readWords }, { refuseUnattended }] = await Promise.all([
      import('../switch/request.js'),
      import('../switch/ask-keep.js'),
    ]);
    const words = readWords(input);
    const outputs = await chooseOutputs(input);
    refuseUnattended(input.options.confirm === true, io);
    const progress = await startProgress(io);
    const { prepareSwitch, prepareByHand } = await import('../switch/prepare-switch.js');
    const { showDryRun, carryOut, endOne } = await import('../switch/carry-out.js');
    try {
      if (words.action !== 'switch') {
        return await endOne(words.action, await prepareByHand(words.target, input, progress, io), progress, io);
      }
      const prepared = await prepareSwitch(words.target, input, progress, io);
      if (input.options.dryRun === true) {
        io.out(showDryRun(prepared, input));
        return exitCodes.passed;
      }
      return await carryOut(prepared, outputs, input, progress, io);
    } finally {
      progress.stop();
    }
  },
};

export default switchCommand;
