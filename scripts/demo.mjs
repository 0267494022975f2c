// npm run demo: makes the two lab machines, verifies both, breaks something in production, and shows the comparison.
// Where the lab cannot be had (no root, no Debian) it says what it needs, and verifies this machine instead.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const lab = process.env.NIXSPEC_LAB_DIR ?? '/run/nixspec-lab';
const history = mkdtempSync(join(tmpdir(), 'nixspec-demo-'));
const wasUp = spawnSync(at('test/lab/lab.sh'), ['status'], { stdio: 'ignore' }).status === 0;
let exitCode = 0;
// Ctrl-C reaches nixspec itself; the lab is taken down all the same.
process.on('SIGINT', () => {});

try {
  const up =
    wasUp ||
    say('Two machines with real services are made (the first time takes some minutes)') ||
    run(at('test/lab/lab.sh'), ['up']) === 0;
  if (up) demonstrate();
  else demonstrateHere();
} finally {
  rmSync(history, { recursive: true, force: true });
  if (!wasUp) run(at('test/lab/lab.sh'), ['down']);
}
process.exit(exitCode);

function demonstrate() {
  const { machines } = JSON.parse(readFileSync(join(lab, 'lab.json'), 'utf8'));
  const peers = ['staging', 'production'].flatMap((name) => [
    '--var',
    `${name}-peer=${machines[name].wireguard.alive}`,
  ]);
  const inProduction = (script) =>
    run('nsenter', ['-t', String(machines.production.leader), '-a', '/bin/sh', '-c', script]);
  const verify = (target) => nixspec(['verify', target, '--spec', 'specs/demo.yaml', ...peers]);

  say('Before the switch: does it work in staging?');
  expect(verify('staging'), 0);
  say('After it: does it work in production, and what differs?');
  expect(verify('production'), 0);
  say('Now something breaks in production: a service stops, and a kernel parameter is changed');
  try {
    inProduction('systemctl stop worker.service; sysctl -qw net.core.somaxconn=128');
    expect(verify('production'), 1);
  } finally {
    inProduction('systemctl start worker.service; sysctl -qw net.core.somaxconn=8192');
  }
}

function demonstrateHere() {
  say('The lab needs root on Debian 12 and its packages. Without it, this machine is verified');
  expect(nixspec(['verify', 'here', '--spec', 'specs/here.yaml']), 0);
}

function nixspec(words) {
  console.log(`$ nixspec ${words.slice(0, 2).join(' ')}`);
  return run(
    process.execPath,
    [at('dist/cli.js'), ...words, '--history', history, ...(process.stdout.isTTY ? [] : ['--color', 'never'])],
    {
      ...process.env,
      NIXSPEC_LAB_DIR: lab,
    },
  );
}

function expect(status, wanted) {
  console.log(`(exit code ${status})`);
  if (status !== wanted) exitCode = status || 70;
}

function run(command, words, env = process.env) {
  return spawnSync(command, words, { cwd: at('.'), stdio: 'inherit', env }).status ?? 130;
}

function say(text) {
  console.log(`\n━━ ${text}\n`);
}
