import { join } from 'node:path';
import { NixspecError } from '../error.js';
import { readTail } from './console.js';
import type { Machine } from './machine.js';
import type { QmpEvent } from './qmp.js';

/** Lines of the console that are shown when the machine does not come up. */
const consoleLines = 20;

/** What a start script of NixOS's says when all is well. */
const chatter = /^(Disk image do not exist, creating|Virtualisation disk image created|Formatting ').*$/;

/** That a VM did not come up: why, in a line, then what its console and QEMU said last. */
export async function bootFailed(
  target: string,
  { workspace }: Machine,
  why: string,
  { details = [], hint }: { readonly details?: readonly string[]; readonly hint?: string | undefined } = {},
): Promise<NixspecError> {
  const serial = await readTail(join(workspace.folder, 'serial.log'), consoleLines);
  const qemu = (await readTail(join(workspace.folder, 'qemu.log'), 10))
    .split('\n')
    .filter((line) => line !== '' && !chatter.test(line));
  const lines = [
    `${target}: the VM did not come up: ${why}`,
    ...details,
    ...(qemu.length > 0 ? ['QEMU said:', ...qemu.map(indent)] : []),
    ...(serial === ''
      ? ['its serial console said nothing']
      : ['the end of its serial console:', ...serial.split('\n').map(indent)]),
  ];
  return new NixspecError('vm-boot-failed', lines.join('\n'), {
    operation: 'boot VM',
    target,
    ...(hint !== undefined && { hint }),
  });
}

function indent(line: string): string {
  return `  ${line}`;
}

export function interrupted(target: string): NixspecError {
  return new NixspecError('interrupted', 'interrupted', { operation: 'boot VM', target });
}

/** Why a QEMU is gone, by what it told last. */
export async function describeEnd({ events, exited }: Machine): Promise<string> {
  const code = await exited;
  const reason = events.findLast(({ event }) => event === 'SHUTDOWN')?.data.reason;
  const words: { readonly [reason: string]: string } = {
    'guest-shutdown': 'it powered itself off',
    'guest-reset': 'it rebooted',
    'guest-panic': 'its kernel panicked',
    'host-signal': 'QEMU was told to end by a signal',
    'host-qmp-quit': 'QEMU was told to quit',
  };
  if (typeof reason === 'string') return words[reason] ?? `QEMU ended (${reason})`;
  return code === undefined || code > 128 ? 'QEMU was killed' : `QEMU ended with exit status ${code}`;
}

/** What QEMU tells of a machine that nothing good can come of; undefined where there is nothing. */
export function findTrouble(events: readonly QmpEvent[]): string | undefined {
  const write = events.find(({ event, data }) => event === 'BLOCK_IO_ERROR' && data.operation === 'write')?.data;
  if (write) {
    // `nospace` is there only where QEMU is to stop the machine then; NixOS has it report (werror=report).
    const isFull = write.nospace === true || /no space left|quota exceeded/i.test(String(write.reason));
    return isFull
      ? 'there is no room left on this machine for the disk of the VM'
      : `the disk of the VM cannot be written to: ${write.reason ?? 'input/output error'}`;
  }
  if (events.some(({ event }) => event === 'GUEST_PANICKED')) return 'its kernel panicked';
  return undefined;
}

/** How often the machine has rebooted by itself. */
export function countReboots(events: readonly QmpEvent[]): number {
  return events.filter(({ event, data }) => event === 'RESET' && data.guest === true).length;
}
