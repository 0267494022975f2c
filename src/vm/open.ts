import type { Target } from '../model.js';
import type { Transport } from '../transport.js';
import { readAccess } from './access.js';
import { type BootedVm, bootVm, type VmOptions } from './boot.js';
import { findKept } from './kept.js';
import { stopMachine } from './stop.js';

/**
 * The VM of a target for one verification: one that `nixspec vm start` keeps running, else one that is built, booted, and
 * stopped when the transport is closed.
 *
 * @throws NixspecError
 */
export async function openVm(target: Target, options: VmOptions): Promise<Transport> {
  const kept = await findKept(target.name, options.folder);
  if (kept) {
    options.say(`${target.name}: asking the VM that \`nixspec vm start\` keeps running`);
    return options.connect(await readAccess(kept.folder, target));
  }
  const staysOn = target.vm?.keep === true;
  const booted = await bootVm(target, options, staysOn);
  return staysOn ? describeVm(booted, () => booted.transport.close()) : describeVm(booted, () => stop(booted, options));
}

function describeVm({ transport, machine }: BootedVm, close: () => Promise<void>): Transport {
  return {
    name: transport.name,
    reached: `${transport.reached}, a VM ${machine.accelerated ? 'with' : 'without'} KVM`,
    run: (program, signal) => transport.run(program, signal),
    connect: (host, port, signal) => transport.connect(host, port, signal),
    close,
  };
}

async function stop({ machine, transport }: BootedVm, { signal, show }: VmOptions): Promise<void> {
  show('shutting down');
  await stopMachine(machine, transport, signal.aborted);
  await transport.close();
}
