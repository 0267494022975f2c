import { setTimeout as sleep } from 'node:timers/promises';
import type { ArmRequest, RollbackResult, Step } from '../../../src/switch/state.js';
import { arm } from '../../../src/switch/target/arm.js';
import { followJob } from '../../../src/switch/target/job.js';
import { followRollback } from '../../../src/switch/target/rollback.js';
import type { NixosMachine } from '../../lab/nixos-lab.js';
import { runStep } from './run-step.js';

/** A request with what the tests do not care about. */
export function request(id: string, seconds: number, more: Partial<ArmRequest> = {}): ArmRequest {
  return { id, runner: 'me@here', spec: 'spec.yaml', target: 'web', seconds, lastResort: 'none', ...more };
}

/** Arms. @throws Error where it is not armed */
export async function armed(machine: NixosMachine, id: string, seconds: number, more: Partial<ArmRequest> = {}) {
  const answer = await runStep(machine, arm(request(id, seconds, more)));
  if (answer.status !== 'armed') throw new Error(JSON.stringify(answer));
  return answer;
}

/** Asks again and again, past the network, until the answer is wanted. */
export async function until<T>(
  machine: NixosMachine,
  step: Step<T>,
  wanted: (answer: T) => boolean,
  limit = 120_000,
): Promise<T> {
  const end = Date.now() + limit;
  let last: unknown = 'no answer';
  while (Date.now() < end) {
    try {
      const answer = await runStep(machine, step);
      if (wanted(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(200);
  }
  throw new Error(`${step.name}: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}

export async function jobEnds(machine: NixosMachine, id: string) {
  return until(machine, followJob(id), ({ status }) => status !== 'running');
}

export async function rollbackEnds(machine: NixosMachine, id: string, limit?: number): Promise<RollbackResult> {
  const answer = await until(machine, followRollback(id), ({ status }) => status === 'ended', limit);
  if (answer.status !== 'ended') throw new Error(answer.status);
  return answer.result;
}

/**
 * The deadline is over and the timer fires, now: how long the steps before took on a busy machine does not matter.
 * (That the timer fires by itself is seen by `steps that come too late`, and wherever nixspec is killed.)
 */
export async function timeIsUp(machine: NixosMachine): Promise<void> {
  await machine.sh('echo 0 >/run/nixspec/switch/until; systemctl start --no-block nixspec-rollback.service');
}
