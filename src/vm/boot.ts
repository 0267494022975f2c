import { realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NixspecError } from '../error.js';
import type { StagingVm, Target } from '../model.js';
import type { Transport } from '../transport.js';
import { readAccess, writeAccess } from './access.js';
import { interrupted } from './boot-failure.js';
import { type BuiltVm, buildVm } from './build.js';
import { checkVm } from './check.js';
import { makeKey } from './keys.js';
import { explainNoKvm } from './kvm.js';
import { type Machine, startMachine } from './machine.js';
import { clearNetworks, type PrivateNetwork, plugIn } from './private-network.js';
import { layOver } from './seed-disk.js';
import type { VmSettings } from './settings.js';
import { stopMachine } from './stop.js';
import { waitForMachine } from './wait.js';
import { clearLeftovers, makeWorkspace, removeWorkspace, type Workspace } from './workspace.js';

export interface VmOptions {
  /** What relative paths mean: the folder of the spec, absolute. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** The network that it is on with others. */
  readonly network?: PrivateNetwork;
  readonly show: (stage: string) => void;
  readonly say: (text: string) => void;
  /** Told when the VM is lost while it is asked: what it has answered by then stays. */
  readonly lose?: (error: NixspecError) => void;
  /** Connects to a target that has `ssh`. */
  readonly connect: (target: Target) => Promise<Transport>;
}

export interface BootedVm {
  readonly machine: Machine;
  readonly transport: Transport;
  /** For the run. */
  readonly vm: StagingVm;
}

/** What is told of a VM by those that look in later; `script` tells which configuration it is. */
export interface VmFacts {
  readonly script: string;
  readonly port: number;
  readonly accelerated: boolean;
  readonly vm?: StagingVm;
  /** Bytes, as QEMU says; undefined where it does not. */
  readonly memory?: number;
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
  const settings = await checkVm(target, options.folder);
  await clearLeftovers();
  await clearNetworks();
  const { network, ...rest } = options;
  const member = network && { network: { machine: target.name, facts: network.facts } };
  const built = await buildVm({ ...rest, ...member, target: target.name, settings });
  return bootBuilt(target, built, options, { kept });
}

/**
 * Boots a VM that was built.
 * @param workspace one that was made already, and may hold the disk that another VM of this run has left
 */
export async function bootBuilt(
  target: Target,
  built: BuiltVm,
  options: VmOptions,
  { kept, workspace }: { readonly kept: boolean; readonly workspace?: Workspace },
): Promise<BootedVm> {
  const settings = await checkVm(target, options.folder);
  if (options.signal.aborted) throw interrupted(target.name);
  options.show('starting QEMU');
  const machine = await start(target, built.script, settings, options, kept, workspace);
  try {
    if (!machine.accelerated)
      options.say(`${target.name}: without KVM, emulated and some ten times slower: ${await explainNoKvm()}`);
    const vm = describeBuilt(built, machine);
    await writeFacts(machine, built.script, vm);
    const transport = await waitFor(machine, target, settings, options);
    if (kept) await machine.keep();
    return { machine, transport, vm };
  } catch (error) {
    options.show('ending QEMU');
    await stopMachine(machine, undefined, AbortSignal.abort());
    throw error;
  }
}

async function start(
  target: Target,
  script: string,
  { seed, network }: VmSettings,
  options: VmOptions,
  kept: boolean,
  made?: Workspace,
): Promise<Machine> {
  const workspace = made ?? (await makeWorkspace({ target: target.name, kept, specFolder: options.folder }));
  const [userKey, hostKey] = [makeKey(), makeKey()];
  const disk = join(workspace.folder, 'disk.qcow2');
  try {
    if (seed?.kind === 'disk' && !made) await layOver(seed.path, disk, script);
    const restricted = network === 'restricted';
    const cables = await plugIn(workspace.folder, target.name, options.network);
    const { signal } = options;
    const machine = await startMachine({ script, workspace, userKey, hostKey, disk, restricted, cables, signal });
    await writeAccess(workspace.folder, machine.port, userKey, hostKey);
    return machine;
  } catch (cause) {
    await removeWorkspace(workspace.folder);
    if (options.signal.aborted) throw interrupted(target.name);
    const why = cause instanceof Error ? cause.message : String(cause);
    const hint = findHint(why, dirname(workspace.folder));
    throw new NixspecError('vm-boot-failed', `${target.name}: QEMU did not start: ${why}`, {
      operation: 'boot VM',
      target: target.name,
      ...(hint !== undefined && { hint }),
      cause,
    });
  }
}

/** The way out, by what the start script or QEMU has said. */
function findHint(said: string, place: string): string | undefined {
  if (/no space left on device|ENOSPC/i.test(said))
    return `there is no room for the VM's disk in ${place}: make some, or set TMPDIR to a folder that has it`;
  if (/cannot allocate memory|cannot set up guest memory/i.test(said))
    return 'this machine has not that much memory free: `vm: { memory: … }`';
  if (/kvm/i.test(said)) return 'the start script insists on KVM: see that /dev/kvm is there and that you may write it';
  if (/exec format error/i.test(said))
    return 'the start script, or what it starts, is for another processor than this machine has';
  if (/permission denied/i.test(said)) return 'is the start script executable?';
  if (/not found|no such file/i.test(said)) return 'the start script, or what it starts (QEMU), is not there';
  return undefined;
}

function describeBuilt({ runner, guest, configured, toplevel }: BuiltVm, { accelerated }: Machine): StagingVm {
  return {
    runner,
    ...(guest !== undefined && { system: guest }),
    ...(configured !== undefined && { configured }),
    ...(toplevel !== undefined && { toplevel }),
    accelerated,
  };
}

async function writeFacts(
  { qmp, port, accelerated, workspace }: Machine,
  script: string,
  vm: StagingVm,
): Promise<void> {
  const said = (await qmp.execute('query-memory-size-summary').catch(() => ({}))) as {
    readonly 'base-memory'?: unknown;
  };
  const memory = said['base-memory'];
  // What is named by a link may be another by the time that somebody compares.
  const facts: VmFacts = {
    script: await realpath(script),
    port,
    accelerated,
    vm,
    ...(typeof memory === 'number' && { memory }),
  };
  await writeFile(join(workspace.folder, 'vm.json'), JSON.stringify(facts));
}

async function waitFor(machine: Machine, target: Target, settings: VmSettings, options: VmOptions): Promise<Transport> {
  const reached = await readAccess(machine.workspace.folder, target);
  const limit = settings.timeout ?? bootLimits[machine.accelerated ? 'accelerated' : 'emulated'];
  return waitForMachine({ ...options, target, machine, limit, connect: () => options.connect(reached) });
}
