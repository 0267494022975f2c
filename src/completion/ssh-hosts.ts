import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Candidate } from './sources.js';

/** Aliases of the user's SSH configuration, as ssh(1) completes them: patterns are none. Included files are left out. */
export async function listSshHosts(): Promise<readonly Candidate[]> {
  const text = await readFile(join(homedir(), '.ssh', 'config'), 'utf8').catch(() => '');
  const names = [...text.matchAll(/^[ \t]*Host[ \t=]+(.+)$/gim)].flatMap(([, hosts = '']) => hosts.trim().split(/\s+/));
  return [...new Set(names)].filter((name) => !/[*?!"]/.test(name)).map((value) => ({ value }));
}
