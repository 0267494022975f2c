import type { Step } from '../../../src/switch/state.js';
import type { NixosMachine } from '../../lab/nixos-lab.js';

/** Runs a step on a machine, past its network and SSH, as root, with the PATH that transports set. */
export async function runStep<T>(machine: NixosMachine, step: Step<T>): Promise<T> {
  const { status, stdout, stderr } = await machine.run(
    `PATH=/run/wrappers/bin:/run/current-system/sw/bin:$PATH; ${step.script.raw}`,
  );
  return step.parse({ exit: status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false });
}
