// Debian's ruby-serverspec over net-ssh, which keeps one connection.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seldom } from '../contender.mjs';
import { host } from '../ssh-config.mjs';

const rspec = '/usr/bin/rspec';
const libraries = '/usr/share/rubygems-integration/all/gems';
const template = fileURLToPath(new URL('serverspec_spec.rb', import.meta.url));

export default {
  name: 'serverspec',
  judges: true,
  lacks: () => (isInstalled() ? undefined : 'ruby-serverspec is not installed'),
  runs: seldom,
  prepare({ folder, sshConfig }, checks) {
    const file = join(folder, `serverspec-${checks.length}.json`);
    writeFileSync(file, JSON.stringify(checks));
    return {
      words: [rspec, '--no-color', '--format', 'progress', template],
      env: { NIXSPEC_BENCH_CHECKS: file, NIXSPEC_BENCH_HOST: host, NIXSPEC_BENCH_SSH_CONFIG: sshConfig },
    };
  },
  verify({ exit, output }, count) {
    if (exit !== 0) return `it ended with ${exit}`;
    return output.includes(`${count} examples, 0 failures`) ? undefined : `it did not count ${count} examples`;
  },
};

function isInstalled() {
  return (
    existsSync(rspec) && existsSync(libraries) && readdirSync(libraries).some((name) => name.startsWith('serverspec-'))
  );
}
