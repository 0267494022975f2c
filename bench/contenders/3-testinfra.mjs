// Debian's python3-testinfra over its ssh backend, which asks for a shared connection but names no socket for it: a
// ControlPath in the SSH configuration makes that work, so it connects once and not for every command.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectCount, seldom } from '../contender.mjs';
import { host } from '../ssh-config.mjs';

const pytest = '/usr/bin/pytest-3';
const library = '/usr/lib/python3/dist-packages/testinfra';
const template = fileURLToPath(new URL('test_testinfra.py', import.meta.url));

export default {
  name: 'testinfra, one connection',
  judges: true,
  lacks: () => (existsSync(pytest) && existsSync(library) ? undefined : 'python3-testinfra is not installed'),
  runs: seldom,
  prepare({ folder, sshConfig }, checks) {
    const config = sharingConfig(folder);
    writeFileSync(
      config,
      `Host *\n  ControlPath ${join(folder, 'testinfra.socket')}\n${readFileSync(sshConfig, 'utf8')}`,
    );
    const file = join(folder, `testinfra-${checks.length}.json`);
    writeFileSync(file, JSON.stringify(checks));
    const options = ['-q', '-p', 'no:cacheprovider', '--tb=line', '--rootdir', folder];
    return {
      words: [pytest, ...options, `--hosts=ssh://${host}`, `--ssh-config=${config}`, template],
      env: { NIXSPEC_BENCH_CHECKS: file, PYTHONDONTWRITEBYTECODE: '1' },
    };
  },
  verify: expectCount(/^(\d+) passed in/m),
  after({ folder }) {
    spawnSync('ssh', ['-F', sharingConfig(folder), '-O', 'exit', host], { stdio: 'ignore' });
  },
};

function sharingConfig(folder) {
  return join(folder, 'testinfra-ssh-config');
}
