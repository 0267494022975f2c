import type { Command } from '../command.js';
import { exitCodes } from '../error.js';
import { startProgress } from '../progress.js';

const init: Command = {
  name: 'init',
  summary: 'Write a first spec: finds the flake and its hosts, asks what it cannot find',
  arguments: [],
  options: [
    { flags: '-s, --spec <file>', summary: 'the spec to write (default: nixspec.yaml)' },
    {
      flags: '--flake <flakeref>',
      summary: 'the flake, and the host in it: .#web (default: that of this folder, or above it)',
    },
    { flags: '--host <host>', summary: 'a host of the flake; may be repeated', repeat: true },
    {
      flags: '--ssh <destination>',
      summary: 'what one types after ssh; of several hosts: host=destination',
      repeat: true,
    },
    { flags: '--discover', summary: 'look at the running server, and add what runs there' },
    { flags: '--vscode', summary: 'write .vscode/settings.json and extensions.json too' },
    { flags: '-y, --yes', summary: 'ask nothing: take what one would be offered' },
    { flags: '-f, --force', summary: 'overwrite the spec that is there' },
    { flags: '-F, --ssh-config <file>', summary: 'as `ssh -F`, for --discover' },
  ],
  examples: [
    ['nixspec init', 'write nixspec.yaml for the flake of this folder'],
    ['nixspec init --host web --ssh root@web.example.org', 'ask nothing that is said'],
    ['nixspec init --discover', 'and add what runs on the server now'],
  ],
  async run(input, io) {
    const { readWishes, refuseExisting } = await import('../init/wishes.js');
    const wishes = readWishes(input, io);
    await refuseExisting(wishes);
    const progress = await startProgress(io);
    const { openAsker } = await import('../init/ask.js');
    const asker = openAsker(wishes, progress, io);
    try {
      const { findSource } = await import('../init/find-source.js');
      const { chooseHosts, chooseDestinations, chooseDiscovery } = await import('../init/choose.js');
      const source = await findSource(wishes, asker, progress, io);
      const hosts = await chooseHosts(source, wishes, asker);
      const { describeHosts } = await import('../init/host-facts.js');
      const described = await describeHosts(source, hosts, asker, progress, io);
      const machines = await chooseDestinations(described, source, wishes, asker);
      const discovers = await chooseDiscovery(wishes, asker);
      asker.close();
      const { composeSpec } = await import('../init/compose.js');
      const { deliver, discoverInto } = await import('../init/deliver.js');
      await deliver(composeSpec(machines, wishes), machines, { ...wishes, discovers }, io);
      return discovers ? await discoverInto(machines, input, io) : exitCodes.passed;
    } finally {
      asker.close();
      progress.stop();
    }
  },
};

export default init;
