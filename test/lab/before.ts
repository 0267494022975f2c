// Runs before all test files: brings the lab up, and prepares the VM lab. A lab that cannot be had skips its tests, aloud; it never fails the rest.
// A lab that is up already and was started by hand, or belongs to another run under way, is used and left alone.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUp, script, stateDirectory } from './lab.js';
import { nixosScript } from './nixos-lab.js';
import { ownerFile, ownerOf } from './owner.js';
import { vmScript } from './vm-lab.js';

const keep = process.env.NIXSPEC_LAB_KEEP === '1';
const owner = ownerOf(stateDirectory);

if (isUp() && (keep || owner === undefined || owner.alive)) {
  process.stderr.write('lab: using the one that is up\n');
} else {
  const up = spawnSync(script, ['up'], { stdio: ['ignore', 2, 2] });
  if (up.status === 0) {
    if (!keep) writeFileSync(ownerFile(stateDirectory), String(process.ppid));
  } else {
    noteWhy(up.status);
  }
}

// Image and kernel for virtual machines: made once. Where they cannot be had, the tests that need them say why.
spawnSync(vmScript, ['prepare'], { stdio: ['ignore', 'ignore', 2] });
// The root of the machines in the shape of NixOS: made once. Each test file brings up its own.
spawnSync(nixosScript, ['root'], { stdio: ['ignore', 'ignore', 2] });

/** lab.sh has written the reason itself where something is lacking (77) and the directory can be written. */
function noteWhy(status: number | null) {
  if (status === 77) return;
  try {
    mkdirSync(stateDirectory, { recursive: true });
    writeFileSync(
      join(stateDirectory, 'skip'),
      `lab.sh up ended with ${status ?? 'a signal'}; its messages are above\n`,
    );
  } catch {
    // Then the tests say that there is no lab, without the reason.
  }
}
