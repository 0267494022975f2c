// Machines in the shape of NixOS, to be switched (see README.md here). Each test file brings up those it needs,
// so that several switch side by side.

import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Output } from './lab.js';

export const nixosScript = fileURLToPath(new URL('./nixos-lab.sh', import.meta.url));

/** What a toplevel is made of; all but the label is that of the base generation unless given. */
export type NixosSystem = {
  label: string;
  /** Text of units by name, all wanted by multi-user.target; null leaves out one of the base's. */
  units?: Record<string, string | null>;
  /** Shell text that the activation sources: before anything is changed, and after. `exit 1` makes it fail. */
  activationBefore?: string;
  activationAfter?: string;
  /** Shell text: exits 1 to refuse. */
  preSwitchCheck?: string;
  bootLoaderFails?: boolean;
  /** Re-executes systemd, as an upgrade of it does. */
  reexecs?: boolean;
  kernel?: string;
  initrd?: string;
  kernelParams?: string;
  initInterface?: string;
  inhibitors?: Record<string, string>;
  /** Rules of the input chain, as nft(8) reads them. */
  firewall?: string;
  /** Status of the web server's answer; its text is the label. */
  web?: string;
  /** Tools of the system path that fail, separated by spaces. */
  tools?: string;
  specialisations?: Record<string, NixosSystem>;
};

export type NixosMachine = {
  readonly name: string;
  readonly address: string;
  readonly sshConfig: string;
  readonly key: string;
  readonly knownHosts: string;
  /** Its root directory, as the host sees it. */
  readonly root: string;
  /** The toplevel of generation 1. */
  readonly base: string;
  /** Runs a command inside as root, past its network and SSH. Whatever the exit status is. */
  run(command: string): Promise<Output>;
  /** Standard output; a command that fails is an error. */
  sh(command: string): Promise<string>;
  /** Builds a toplevel on the machine. @returns its store path */
  makeSystem(system: NixosSystem): Promise<string>;
  /** Back to generation 1, current, booted, profile and boot default, with nothing else left. */
  reset(): Promise<void>;
  /** Whatever a switch may leave: units, files, GC roots, processes. Empty where it is as it should be. */
  leftovers(): Promise<string[]>;
  /** Where its links lead, and what the next boot brings. */
  links(): Promise<{ current: string; booted: string; profile: string; generation: string; boot: string }>;
  /** Waits until it is up after a reboot. @param bootId of before */
  waitForReboot(bootId: string): Promise<void>;
  bootId(): Promise<string>;
  down(): void;
};

/**
 * Brings a machine up for this process alone: the same tests may run elsewhere at the same time.
 * `skip`: it cannot be had, in words for a skipped test.
 */
export function startNixosMachine(purpose: string): Promise<NixosMachine | { skip: string }> {
  return bringUp(`${purpose}-${process.pid}`);
}

async function bringUp(name: string): Promise<NixosMachine | { skip: string }> {
  if (process.getuid?.() !== 0) return { skip: 'no NixOS lab: needs root' };
  const up = await runLab(['up', name]);
  if (up.status === 77) return { skip: `no NixOS lab: ${up.stderr.trim().split('\n').at(-1)}` };
  if (up.status !== 0) throw new Error(`nixos-lab.sh up ${name} ended with ${up.status}:\n${up.stderr}`);
  const facts = JSON.parse(readFileSync(`/run/nixspec-nixos-lab/${name}/machine.json`, 'utf8')) as NixosMachine;
  const run = (command: string) => runInside(name, command);
  const sh = async (command: string) => {
    const { status, stdout, stderr } = await run(command);
    if (status !== 0) throw new Error(`${name}: \`${command}\` ended with ${status}: ${stderr}`);
    return stdout;
  };
  const machine: NixosMachine = {
    ...facts,
    run,
    sh,
    makeSystem: async (system) => {
      const spec = JSON.stringify(system).replaceAll("'", "'\\''");
      return (
        await sh(
          `nix-build --no-out-link /root/lab/system.nix --argstr spec '${spec}' 2>/tmp/build.log || { cat /tmp/build.log >&2; exit 1; }`,
        )
      ).trim();
    },
    reset: () => reset(machine),
    leftovers: async () => (await sh(leftovers)).split('\n').filter((line) => line !== ''),
    links: async () => JSON.parse(await sh(links)) as Awaited<ReturnType<NixosMachine['links']>>,
    bootId: async () => (await sh('cat /proc/sys/kernel/random/boot_id')).trim(),
    waitForReboot: (bootId) => waitForReboot(machine, bootId),
    down: () => void spawnSync(nixosScript, ['down', name], { stdio: 'ignore' }),
  };
  return machine;
}

/** Not at once for all: those that start side by side must not wait for each other. */
function runLab(args: readonly string[]): Promise<Output> {
  const env = { ...process.env, NIXSPEC_LAB_OWNER: String(process.pid) };
  return new Promise((resolve) => {
    execFile(nixosScript, args, { env }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : 255, stdout, stderr });
    });
  });
}

async function reset(machine: NixosMachine): Promise<void> {
  const { status, stderr } = await machine.run(resetScript);
  if (status === 0) return;
  // What a test has broken so far that it cannot be mended is thrown away.
  machine.down();
  const fresh = await bringUp(machine.name);
  if ('skip' in fresh) throw new Error(`cannot reset ${machine.name}: ${stderr}; ${fresh.skip}`);
}

async function waitForReboot(machine: NixosMachine, bootId: string): Promise<void> {
  const end = Date.now() + 90_000;
  while (Date.now() < end) {
    const { status, stdout } = await machine.run(
      'cat /proc/sys/kernel/random/boot_id; systemctl is-system-running --wait >/dev/null 2>&1; systemctl is-active -q sshd',
    );
    if (status === 0 && stdout.trim() !== bootId) return;
    await sleep(200);
  }
  throw new Error(`${machine.name} has not come up again`);
}

async function runInside(name: string, command: string): Promise<Output> {
  const { stdout, status } = await runLab(['leader', name]);
  if (status !== 0) return { status: 255, stdout: '', stderr: `${name} does not run` };
  const args = ['-t', stdout.trim(), '-m', '-u', '-i', '-n', '-p', '-C', '--', '/usr/bin/env', '-i'];
  const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'HOME=/root'];
  return new Promise((resolve) => {
    // A machine that shuts down stops what runs in it before it kills it, and nsenter stops with what it has started.
    const waking = setInterval(() => child.kill('SIGCONT'), 1000);
    const child = execFile(
      'nsenter',
      [...args, ...environment, '/bin/sh', '-c', command],
      { maxBuffer: 64 << 20 },
      (error, out, err) => {
        clearInterval(waking);
        const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ status: exit, stdout: out, stderr: err });
      },
    );
  });
}

const leftovers = `
systemctl list-units --all --plain --no-legend 'nixspec*' | sed 's/^/unit /'
systemctl list-unit-files --plain --no-legend 'nixspec*' | sed 's/^/unit file /'
for path in /run/nixspec* /run/systemd/transient/nixspec* /etc/systemd/system.control/*nixspec* /var/lib/nixspec* /tmp/nixspec* /boot/loader/once; do
  [ ! -e "$path" ] && [ ! -L "$path" ] || echo "file $path"
done
find /nix/var/nix/gcroots -name '*nixspec*' | sed 's/^/GC root /'
for process in /proc/[0-9]*; do
  tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -a 'nixspec[-/]' | grep -v 'grep' | sed "s|^|process \${process#/proc/} |"
done
exit 0`;

const links = `
default=$(sed -n 's/^default //p' /boot/loader/loader.conf)
printf '{"current":"%s","booted":"%s","profile":"%s","generation":"%s","boot":"%s"}' "$(readlink -f /run/current-system)" \
  "$(readlink -f /run/booted-system)" "$(readlink -f /nix/var/nix/profiles/system)" "$(readlink /nix/var/nix/profiles/system)" \
  "$(sed -n 's/^options init=\\([^ ]*\\)\\/init.*/\\1/p' "/boot/loader/entries/$default")"`;

const resetScript = `
for unit in nixspec-rollback.timer nixspec-rollback.service nixspec-activate.service; do
  systemctl stop "$unit" 2>/dev/null
  systemctl reset-failed "$unit" 2>/dev/null
done
rm -rf /run/nixspec /etc/systemd/system.control /var/lib/nixspec /boot/loader/once
find /nix/var/nix/gcroots -name '*nixspec*' -delete
umount -q /run/nixspec /boot /nix/var/nix/profiles 2>/dev/null
base=$(readlink /nix/var/nix/gcroots/lab-base)
rm -f /nix/var/nix/profiles/system*
nix-env -p /nix/var/nix/profiles/system --set "$base" || exit 1
"$base/bin/switch-to-configuration" switch >/dev/null 2>&1
systemctl start network-addresses-eth0.service firewall.service sshd.service web.service || exit 1
ln -sfn "$base" /run/booted-system
[ "$(systemctl is-system-running)" = running ] && [ "$(readlink -f /run/current-system)" = "$base" ]`;
