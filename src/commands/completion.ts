import type { Command } from '../command.js';
import { shells } from '../completion/scripts.js';
import { exitCodes, NixspecError } from '../error.js';

const completion: Command = {
  name: 'completion',
  summary: 'Print what makes a shell complete nixspec: commands, options, targets, tags, runs',
  arguments: [{ name: '<shell>', summary: shells.join(', '), words: shells }],
  options: [],
  examples: [
    ['source <(nixspec completion bash)', 'in ~/.bashrc'],
    ['source <(nixspec completion zsh)', 'in ~/.zshrc, behind compinit'],
    ['nixspec completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  async run({ args }, io) {
    const [shell] = args;
    const known = shells.find((one) => one === shell);
    if (known === undefined) {
      throw new NixspecError('usage', `there is no completion for "${shell}"`, {
        operation: 'completion',
        hint: `there are ${shells.join(', ')}`,
      });
    }
    const { scripts } = await import('../completion/scripts.js');
    io.out(scripts[known]);
    return exitCodes.passed;
  },
};

export default completion;
