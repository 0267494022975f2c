// A VM that is none, for the faults of those that are: see fake-qemu.mjs.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type Started, start } from '../../fixture/nixspec.js';

const fake = fileURLToPath(new URL('./fake-qemu.mjs', import.meta.url));

/** A folder with a spec whose target is a VM, and a place of its own for the folders of VMs. */
export interface Bench {
  readonly folder: string;
  /** TMPDIR: what is left in it when all is over was left behind. */
  readonly place: string;
  run(...words: string[]): Started;
  /** Waits until a file is there, or a second command ended. */
  mark(name: string): Promise<void>;
  /** What is left, once what is still ending had its time. */
  leftovers(seconds?: number): Promise<string[]>;
}

/** @param script a start script; `fake MODE` in it is the fake machine @param vm more of `vm:` */
export function makeBench(
  t: Test,
  script: string,
  vm = 'timeout: 20s',
  entries = 'command:\n  "true": { exit-status: 0 }\n',
): Bench {
  // Short: a unix socket has 107 bytes.
  const folder = mkdtempSync('/tmp/nf-');
  const place = mkdtempSync(join(folder, 'p-'));
  t.teardown(async () => {
    await endAll(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  const run = `exec ${process.execPath} ${fake}`;
  writeFileSync(join(folder, 'run-vm'), `#!/bin/sh\n${script.replaceAll('fake ', `${run} `)}\n`, { mode: 0o755 });
  writeFileSync(
    join(folder, 'nixspec.yaml'),
    `version: 1\ntargets:\n  vm: { vm: { command: ./run-vm, ${vm} } }\n${entries.replaceAll('FOLDER', folder)}`,
  );
  const env = { TMPDIR: place, SHARED_DIR: folder };
  return {
    folder,
    place,
    run: (...words) => start(words, { cwd: folder, env }),
    async mark(name) {
      for (let left = 200; left > 0; left -= 1) {
        if (readdirSync(folder).includes(name)) return;
        await sleep(50);
      }
      throw new Error(`there is no ${name}`);
    },
    async leftovers(seconds = 8) {
      for (let left = seconds * 10; left > 0 && look(folder, place).length > 0; left -= 1) await sleep(100);
      return look(folder, place);
    },
  };
}

function look(folder: string, place: string): string[] {
  return [...readdirSync(place), ...processesOf(folder).map(({ words }) => words)];
}

/** Processes whose command line names a folder. */
export function processesOf(folder: string): { readonly pid: number; readonly words: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return words.includes(folder) ? [{ pid: Number(name), words: words.slice(0, 200) }] : [];
    } catch {
      return [];
    }
  });
}

async function endAll(folder: string): Promise<void> {
  for (const { pid } of processesOf(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {}
  }
  await sleep(20);
}
