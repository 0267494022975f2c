import { collect, type Ends } from '../collect.js';
import { NixspecError } from '../error.js';
import type { ShellProbe } from '../model.js';
import { runnerNetwork, targetNetwork } from '../network.js';
import { known } from '../resource.js';
import { printable } from '../terminal.js';
import type { Transport } from '../transport.js';
import type { Step } from './state.js';

/** Bytes of an answer: a handful of lines, and the end of what an activation said. */
const mostBytes = 256 * 1024;

/**
 * Runs one step on a target. It goes the way of all other programs, so that login files, sudo, a lost connection and a
 * hanging target are met as there.
 *
 * @throws NixspecError `connection-lost` and the like where there was no answer: whether the step was done is then not
 * known, and to be asked; `step-failed` where the answer makes no sense
 */
export async function ask<T>(transport: Transport, step: Step<T>, signal: AbortSignal): Promise<T> {
  const query = { id: step.name, resource: 'switch', subject: '', params: {}, wanted: new Set<string>() };
  let answer: { readonly value: T } | undefined;
  const probe: ShellProbe = {
    kind: 'shell',
    answers: [query],
    script: step.script,
    exits: 'any',
    limit: step.limit,
    maxBytes: mostBytes,
    slots: 'shared',
    parse: (output) => {
      answer = { value: step.parse(output) };
      return new Map([[query.id, known({})]]);
    },
  };
  const ends: Ends = { transport, runner: runnerNetwork(), target: targetNetwork(transport, false), from: 'target' };
  const { observations, problems } = await collect([probe], ends, { signal });
  if (answer) return answer.value;
  const [problem] = problems;
  const observation = observations.get(query.id);
  const reason = problem ?? (observation && 'reason' in observation ? observation.reason : 'no answer');
  const code = problem === undefined ? 'step-failed' : 'connection-lost';
  throw new NixspecError(code, `${transport.reached}: cannot ${step.name}: ${printable(reason)}`, {
    operation: step.name,
    target: transport.reached,
  });
}
