import type { NixosMachine } from '../../lab/nixos-lab.js';
import type { Step } from '../../../src/switch/state.js';

/** Runs a step on a machine, past its network and SSH, as root. */
export async function runStep<T>(machine: NixosMachine, step: Step<T>): Promise<T> {
  const { status, stdout, stderr } = await machine.run(step.script.raw);
  return step.parse({ exit: status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false });
}
