// nixspec as a user starts it, from YAML to report, with a run saved each time.

import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { always, expectCount, expectSuccess, oncePerDelay } from '../contender.mjs';
import { writeSpec } from '../yaml.mjs';

const lacks = () => undefined;
const passed = expectCount(/^.*?(\d+) passed(?!.*failed)/m);

/** As a package manager installs it: a link in a folder of programs. */
function linkProgram({ folder, cli }) {
  const link = join(folder, 'bin', 'nixspec');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  if (!existsSync(link)) symlinkSync(cli, link);
  return link;
}

function writeFile({ folder }, name, checks, options) {
  const file = join(folder, `${name}-${checks.length}.yaml`);
  writeFileSync(file, writeSpec(checks, options));
  return file;
}

function verify(start, name, options = {}) {
  return (place, checks) => {
    const words = [
      'verify',
      'production',
      '--spec',
      writeFile(place, name, checks, options),
      '--ssh-config',
      place.sshConfig,
    ];
    return { words: [...start(place), ...words, ...(options.words ?? [])] };
  };
}

const byNode = ({ cli }) => [process.execPath, cli];

/** What is only of interest without delay. */
const atHome = (at) => (at.delay === 0 ? oncePerDelay(at) : 0);

export default [
  { name: '**nixspec verify**', judges: true, lacks, runs: always, prepare: verify(byNode, 'spec'), verify: passed },
  {
    name: 'nixspec verify, HTTP from the target',
    judges: true,
    lacks,
    runs: (at) => (at.few ? 0 : at.runs),
    prepare: verify(byNode, 'spec-from-target', { extra: { http: { from: 'target' } } }),
    verify: passed,
  },
  {
    name: 'nixspec verify, without the inventory',
    lacks,
    runs: (at) => (at.few ? 0 : at.runs),
    prepare: verify(byNode, 'spec', { words: ['--no-inventory'] }),
    verify: passed,
  },
  {
    name: 'nixspec verify, by its bin',
    lacks,
    runs: atHome,
    prepare: verify((place) => [linkProgram(place)], 'spec'),
    verify: passed,
  },
  {
    name: '`nixspec lint`',
    lacks,
    runs: (at) => (at.delay === 0 && !at.few ? at.runs : 0),
    prepare: (place, checks) => ({ words: [...byNode(place), 'lint', writeFile(place, 'spec', checks)] }),
    verify: expectSuccess,
  },
  {
    name: '`nixspec --version`',
    lacks,
    runs: atHome,
    prepare: (place) => ({ words: [...byNode(place), '--version'] }),
    verify: expectSuccess,
  },
];
