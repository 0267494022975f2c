import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainConsole } from './console.js';
import type { KeptVm } from './kept.js';
import { isRunning, readMachine } from './workspace.js';

/** Bytes of what was said before that are shown first, and that are read at a time. */
const [before, most] = [16 * 1024, 64 * 1024];

/**
 * Passes on what a machine says on its serial console, until it is gone or nobody wants to know any more. Without what
 * moves a terminal about; other control characters are the caller's to escape.
 *
 * @returns whether the machine is gone
 */
export async function followConsole(
  { folder }: Pick<KeptVm, 'folder'>,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  // Stays readable when the folder is removed with the machine.
  const file = await open(join(folder, 'serial.log'));
  try {
    const { size } = await file.stat();
    const reader = new ConsoleReader(file, Math.max(0, size - before));
    for (let gone = false; !signal.aborted; ) {
      for (let text = await reader.read(); text !== undefined; text = await reader.read()) write(text);
      if (gone) return true;
      const machine = await readMachine(folder);
      gone = !machine || !(await isRunning(machine));
      if (!gone) await sleep(200, undefined, { signal }).catch(() => {});
    }
    return false;
  } finally {
    await file.close();
  }
}

class ConsoleReader {
  private readonly decoder = new TextDecoder();
  /** The beginning of what moves a terminal about, of which the rest is still to come. */
  private rest = '';

  constructor(
    private readonly file: FileHandle,
    private position: number,
  ) {}

  /** Undefined where there is nothing new. */
  async read(): Promise<string | undefined> {
    const { buffer, bytesRead } = await this.file.read(Buffer.alloc(most), 0, most, this.position);
    if (bytesRead === 0) return undefined;
    this.position += bytesRead;
    const text = this.rest + this.decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with one
    this.rest = /\u001b[^\u001b\n]{0,30}$/.exec(text)?.[0] ?? '';
    // A whole sequence with words behind it is none of a beginning.
    if (plainConsole(this.rest) !== this.rest) this.rest = '';
    return plainConsole(text.slice(0, text.length - this.rest.length));
  }
}
