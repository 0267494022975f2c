// Who brought the lab up: the test run with this process id, or, without a note, somebody by hand.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ownerFile = (directory: string) => join(directory, 'owner');

export function ownerOf(directory: string): { pid: number; alive: boolean } | undefined {
  try {
    const pid = Number(readFileSync(ownerFile(directory), 'utf8'));
    return { pid, alive: isAlive(pid) };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
