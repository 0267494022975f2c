import { open } from 'node:fs/promises';

/** Why a VM runs without the help of the hardware, and what there is to do about it. */
export async function explainNoKvm(device = '/dev/kvm'): Promise<string> {
  try {
    await (await open(device, 'r+')).close();
    return `${device} is there, but the start script does not take it, or the VM is of another architecture`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return `there is no ${device}: is virtualisation switched on in the firmware, or, in a machine that is itself virtual, nested?`;
    if (code === 'EACCES' || code === 'EPERM') return `${device} is not writable: add yourself to the group kvm`;
    return `${device} cannot be opened (${code ?? 'unknown error'}): does this machine's processor have virtualisation?`;
  }
}
