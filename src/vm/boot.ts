import { join } from 'node:path';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import type { Transport } from '../transport.js';
import { readAccess, writeAccess } from './access.js';
import { buildVm } from './build.js';
import { makeKey } from './keys.js';
import { type Machine, startMachine } from './machine.js';
import { readVmSettings, type VmSettings } from './settings.js';
import { stopMachine } from './stop.js';
import { waitForMachine } from './wait.js';
import { clearLeftovers, makeWorkspace, type Workspace } from './workspace.js';

export interface VmOptions {
  /** What relative paths mean: the folder of the spec, absolute. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly show: (stage: string) => void;
  readonly say: (text: string) => void;
  /** Connects to a target that has `ssh`. */
  readonly connect: (target: Target) => Promise<Transport>;
}

export interface BootedVm {
  readonly machine: Machine;
  readonly transport: Transport;
}

/** Seconds a boot may take: with KVM a busy server needs one minute, without it ten times as long. */
export const bootLimits = { accelerated: 300, emulated: 1800 } as const;

/**
 * Builds and boots the VM of a target, with a fresh disk in a private folder, and waits until it has settled.
 *
 * @param kept it goes on when nixspec ends, until it is stopped
 * @throws NixspecError `nix-missing`, `vm-build-failed`, `vm-boot-failed`; nothing is left of the VM then
 */
export async function bootVm(target: Target, options: VmOptions, kept: boolean): Promise<BootedVm> {
  const settings = readVmSettings(target.vm ?? {});
  await clearLeftovers();
  const script = await buildVm({ ...options, target: target.name, settings });
  return bootBuilt(target, script, options, { kept });
}

/**
 * Boots a VM that was built.
 * @param workspace one that was made already, and may hold the disk that another VM of this run has left
 */
export async function bootBuilt(
  target: Target,
  script: string,
  options: VmOptions,
  { kept, workspace }: { readonly kept: boolean; readonly workspace?: Workspace },
): Promise<BootedVm> {
  const settings = readVmSettings(target.vm ?? {});
  options.show('starting QEMU');
  const machine = await start(target, script, options, kept, workspace);
  try {
    if (!machine.accelerated) options.say(`${target.name}: no KVM here: the VM is emulated, some ten times slower`);
    return { machine, transport: await waitFor(machine, target, settings, options) };
  } catch (error) {
    await stopMachine(machine, undefined, true);
    throw error;
  }
}

async function start(
  target: Target,
  script: string,
  options: VmOptions,
  kept: boolean,
  made?: Workspace,
): Promise<Machine> {
  const workspace = made ?? (await makeWorkspace({ target: target.name, kept, specFolder: options.folder }));
  const [userKey, hostKey] = [makeKey(), makeKey()];
  const disk = join(workspace.folder, 'disk.qcow2');
  try {
    const machine = await startMachine({ script, workspace, userKey, hostKey, disk, kept, signal: options.signal });
    await writeAccess(workspace.folder, machine.port, userKey, hostKey);
    return machine;
  } catch (cause) {
    if (options.signal.aborted) throw interrupted(target);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NixspecError('vm-boot-failed', `${target.name}: QEMU did not start: ${why}`, {
      operation: 'boot VM',
      target: target.name,
      cause,
    });
  }
}

async function waitFor(machine: Machine, target: Target, settings: VmSettings, options: VmOptions): Promise<Transport> {
  const reached = await readAccess(machine.workspace.folder, target);
  const limit = settings.timeout ?? bootLimits[machine.accelerated ? 'accelerated' : 'emulated'];
  return waitForMachine({ ...options, target, machine, limit, connect: () => options.connect(reached) });
}

function interrupted(target: Target): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'boot VM', target: target.name });
}
