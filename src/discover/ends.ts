import type { Ends } from '../collect.js';
import type { Target } from '../model.js';
import { runnerNetwork, targetNetwork } from '../network.js';
import type { Transport } from '../transport.js';

/** Where the questions to a target start from. */
export function endsOf(target: Target, transport: Transport): Ends {
  const standsIn = target.vm !== undefined;
  return {
    transport,
    runner: runnerNetwork(standsIn),
    target: targetNetwork(transport, standsIn),
    from: target.from,
  };
}
