// Runs after all test files: takes down the lab that before.ts has brought up, and no other.

import { spawnSync } from 'node:child_process';
import { script, stateDirectory } from './lab.js';
import { nixosScript } from './nixos-lab.js';
import { ownerOf } from './owner.js';

const owner = ownerOf(stateDirectory);
if (owner !== undefined && (owner.pid === process.ppid || !owner.alive)) {
  spawnSync(script, ['down'], { stdio: ['ignore', 2, 2] });
}

// Machines in the shape of NixOS that tests have left which were killed.
spawnSync(nixosScript, ['sweep'], { stdio: ['ignore', 2, 2] });
