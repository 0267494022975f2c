import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NixspecError } from '../error.js';
import type { Target } from '../model.js';
import type { Transport } from '../transport.js';
import { buildVm } from './build.js';
import { makeKey, type VmKey } from './keys.js';
import { type Machine, startMachine } from './machine.js';
import { readVmSettings } from './settings.js';
import { stopMachine } from './stop.js';
import { waitForMachine } from './wait.js';
import { clearLeftovers, makeWorkspace, type Workspace } from './workspace.js';

export interface VmOptions {
  /** What relative paths mean: the folder of the spec. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly show: (stage: string) => void;
  readonly say: (text: string) => void;
  /** Connects to a target that has `ssh`. */
  readonly connect: (target: Target) => Promise<Transport>;
}

/** Seconds a boot may take: with KVM a busy server needs one minute, without it ten times as long. */
const bootLimits = { accelerated: 300, emulated: 1800 } as const;

/**
 * Builds and boots the VM of a target. The transport is SSH to it; to close it stops the VM and removes its folder.
 *
 * @throws NixspecError `nix-missing`, `vm-build-failed`, `vm-boot-failed`
 */
export async function openVm(target: Target, options: VmOptions): Promise<Transport> {
  const settings = readVmSettings(target.vm ?? {});
  await clearLeftovers();
  const script = await buildVm({ ...options, target: target.name, settings });
  const workspace = await makeWorkspace(target.name, false);
  const [userKey, hostKey] = [makeKey(), makeKey()];
  options.show('starting QEMU');
  const disk = join(workspace.folder, 'disk.qcow2');
  const machine = await startMachine({ script, workspace, userKey, hostKey, disk, signal: options.signal }).catch(
    (cause) => Promise.reject(startFailed(target, cause)),
  );
  try {
    if (!machine.accelerated) options.say(`${target.name}: no KVM here: the VM is emulated, some ten times slower`);
    const reached = await describeAccess(target, machine, workspace, userKey, hostKey);
    const limit = settings.timeout ?? bootLimits[machine.accelerated ? 'accelerated' : 'emulated'];
    const transport = await waitForMachine({
      ...options,
      target,
      machine,
      limit,
      connect: () => options.connect(reached),
    });
    return stopOnClose(transport, machine, options.signal);
  } catch (error) {
    await stopMachine(machine, undefined, true);
    throw error;
  }
}

/** How SSH reaches it: with the key that was made for it, and no other; its host key is known beforehand. */
async function describeAccess(
  target: Target,
  { port }: Machine,
  { folder }: Workspace,
  userKey: VmKey,
  hostKey: VmKey,
): Promise<Target> {
  const files = {
    identityFile: join(folder, 'key'),
    knownHosts: join(folder, 'known_hosts'),
    config: join(folder, 'ssh_config'),
  };
  await writeFile(files.identityFile, userKey.secret, { mode: 0o600 });
  await writeFile(files.knownHosts, `[127.0.0.1]:${port} ${hostKey.open}\n`);
  // Nothing of the user's own configuration is meant for it.
  await writeFile(files.config, 'IdentitiesOnly yes\nIdentityAgent none\nConnectTimeout 10\n');
  return { ...target, ssh: { host: '127.0.0.1', user: 'root', port, ...files } };
}

function stopOnClose(transport: Transport, machine: Machine, signal: AbortSignal): Transport {
  return {
    ...transport,
    name: transport.name,
    reached: `${transport.reached}, a VM ${machine.accelerated ? 'with KVM' : 'without KVM'}`,
    run: (program, ending) => transport.run(program, ending),
    connect: (host, port, ending) => transport.connect(host, port, ending),
    close: async () => {
      await stopMachine(machine, signal.aborted ? undefined : transport, signal.aborted);
      await transport.close();
    },
  };
}

function startFailed(target: Target, cause: unknown): NixspecError {
  if (cause instanceof NixspecError) return cause;
  const aborted = cause instanceof Error && cause.name === 'AbortError';
  if (aborted) return new NixspecError('interrupted', 'interrupted', { operation: 'boot VM', target: target.name });
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NixspecError('vm-boot-failed', `${target.name}: QEMU did not start: ${why}`, {
    operation: 'boot VM',
    target: target.name,
    cause,
  });
}
