// npm run demo: builds and boots a staging VM from a flake, verifies it, verifies the machine that stands for production,
// breaks something there, and shows what the comparisons say. Where that cannot be had (no root, no Debian, another
// processor) it says what it needs, and verifies this machine instead.
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
  const vmLab = wasUp || makeProduction() ? prepareVms() : undefined;
  if (vmLab) demonstrate(vmLab);
  else demonstrateHere();
} finally {
  rmSync(history, { recursive: true, force: true });
  if (!wasUp) run(at('test/lab/lab.sh'), ['down']);
}
process.exit(exitCode);

function makeProduction() {
  say('A machine that stands for production is made, with real services (the first time takes some minutes)');
  return run(at('test/lab/lab.sh'), ['up']) === 0;
}

/** Nix, QEMU, and a flake whose hosts need no nixpkgs. */
function prepareVms() {
  say('Nix, QEMU and a flake for the staging VM (the first time takes a minute or two)');
  const { status, stdout } = spawnSync(at('test/lab/vm-lab.sh'), ['prepare'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

function demonstrate({ flake, environment }) {
  const { machines } = JSON.parse(readFileSync(join(lab, 'lab.json'), 'utf8'));
  const inProduction = (script) =>
    run('nsenter', ['-t', String(machines.production.leader), '-a', '/bin/sh', '-c', script]);
  const given = ['--var', `flake=${flake}`, '--var', `production-peer=${machines.production.wireguard.alive}`];
  const verify = (target) => nixspec(['verify', target, '--spec', 'specs/demo.yaml', ...given], environment);

  say(
    'Before the switch: its VM is built from the flake, booted, verified, and gone again (half a minute without KVM)',
  );
  expect(verify('vm'), 0);
  say('After it: does it work in production, and what differs from the VM?');
  expect(verify('production'), 0);
  say('Now something breaks in production: the web server is stopped, and a kernel parameter changed');
  try {
    inProduction('systemctl stop nginx.service; sysctl -qw net.core.somaxconn=128');
    expect(verify('production'), 1);
  } finally {
    inProduction('systemctl start nginx.service; sysctl -qw net.core.somaxconn=8192');
  }
}

function demonstrateHere() {
  say('The demo needs root on Debian 12, an x86_64 processor, and packages. Without them, this machine is verified');
  expect(nixspec(['verify', 'here', '--spec', 'specs/here.yaml']), 0);
}

function nixspec(words, environment = {}) {
  console.log(`$ nixspec ${words.slice(0, 2).join(' ')}`);
  return run(
    process.execPath,
    [at('dist/cli.js'), ...words, '--history', history, ...(process.stdout.isTTY ? [] : ['--color', 'never'])],
    { ...process.env, ...environment, NIXSPEC_LAB_DIR: lab },
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
