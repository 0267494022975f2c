import type { CommandInput, Io } from '../command.js';
import { Connections } from '../connections.js';
import { startProgress } from '../progress.js';
import { composeSpec } from './compose.js';
import { deliver, discoverTargets } from './discovery.js';
import { readRequest } from './request.js';

/** Looks at machines and prints or saves a spec of them, as `nixspec discover` and `nixspec init` do. Gives the exit code. */
export async function performDiscovery(input: CommandInput, io: Io): Promise<number> {
  const request = await readRequest(input, io);
  const progress = await startProgress(io);
  const connections = new Connections(input.options, progress, io);
  try {
    connections.open(request.targets);
    const discoveries = await discoverTargets(request, connections, progress, io);
    const show = (stage: string) => progress.show('all', stage);
    const composed = await composeSpec(request, discoveries, {
      connections,
      env: io.env,
      signal: io.signal,
      progress: show,
    });
    progress.stop();
    return await deliver(request, discoveries, composed, io);
  } finally {
    progress.stop();
    await connections.close();
  }
}
