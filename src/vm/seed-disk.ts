import { execFile } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Makes a VM's disk of a disk image: an overlay, so that the image is never written to and nothing of it is copied.
 *
 * @param script the VM's start script, which knows where its own `qemu-img` is
 * @throws Error with what `qemu-img` said
 */
export async function layOver(image: string, disk: string, script: string): Promise<void> {
  const tool = await findTool(script);
  const args = ['create', '-q', '-f', 'qcow2', '-F', await formatOf(image), '-b', image, disk];
  await promisify(execFile)(tool, args).catch((cause: Error & { readonly stderr?: string }) => {
    throw new Error(cause.stderr?.trim() || cause.message, { cause });
  });
}

/** NixOS's start scripts name it in full; where none is named it is looked up in PATH. */
async function findTool(script: string): Promise<string> {
  const text = await readFile(script, 'utf8').catch(() => '');
  return /\/nix\/store\/[a-z0-9]{32}-[^\s/"']+\/bin\/qemu-img\b/.exec(text)?.[0] ?? 'qemu-img';
}

/** By the content: the magic of qcow2 (docs/interop/qcow2.txt of QEMU), else it is taken as it is. */
async function formatOf(image: string): Promise<'qcow2' | 'raw'> {
  const file = await open(image);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(Buffer.from([0x51, 0x46, 0x49, 0xfb])) ? 'qcow2' : 'raw';
  } finally {
    await file.close();
  }
}
