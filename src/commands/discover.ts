import { type Command, specOption, varOption } from '../command.js';

const discover: Command = {
  name: 'discover',
  summary: 'Look at running machines and write a spec that holds for them',
  arguments: [{ name: '<target...>', summary: 'targets of the spec, or what one types after ssh, or local' }],
  options: [
    specOption,
    { flags: '-w, --write', summary: 'write it to the spec: what it does not cover yet, all else stays as it is' },
    varOption,
    { flags: '--sudo', summary: 'of a machine that is not in the spec: look as root, by sudo -n' },
    { flags: '-F, --ssh-config <file>', summary: 'as `ssh -F`' },
    { flags: '--transport <name>', summary: 'how to connect, whatever the spec says', choices: ['ssh2', 'openssh'] },
  ],
  examples: [
    ['nixspec discover root@web.example.org', 'print a spec of what runs there; no spec is needed'],
    ['nixspec discover root@web.example.org --write', 'write it to nixspec.yaml, or add what is new to it'],
    ['nixspec discover staging production', 'what both have, and where they differ'],
  ],
  async run(input, io) {
    const { performDiscovery } = await import('../discover/perform.js');
    return performDiscovery(input, io);
  },
};

export default discover;
