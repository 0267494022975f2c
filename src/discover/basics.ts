import { readAccounts } from '../accounts.js';
import type { Script, ShellOutput } from '../model.js';
import { type Mount, readMounts } from '../mount-table.js';
import { readSections, type Section, section } from '../shell/sections.js';
import { joinScripts, sh } from '../shell/sh.js';

/** What is small and plain: asked by one script. */
export interface Basics {
  readonly root: boolean;
  /** Bytes; undefined where the kernel does not tell. */
  readonly memory?: number;
  /** Ports that the kernel gives out to whoever names none: first and last. */
  readonly ephemeral: readonly [number, number];
  readonly users: readonly { readonly name: string; readonly shell: string }[];
  /** What /etc/shells lists as login shells. */
  readonly shells: readonly string[];
  readonly mounts: readonly (Mount & { readonly point: string })[];
  /** WireGuard interfaces. */
  readonly tunnels: readonly string[];
}

/**
 * Users are those of the machine itself: a directory may have thousands, and be slow to list them. `wg` knows interfaces that a program serves too; without it the kernel's own
 * can be told.
 */
export function listBasics(): Script {
  return joinScripts([
    section('uid', sh`id -u`),
    section('memory', sh`sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo`),
    section('ephemeral', sh`cat /proc/sys/net/ipv4/ip_local_port_range`),
    section('users', sh`cat /etc/passwd`),
    section('shells', sh`cat /etc/shells 2>/dev/null; true`),
    section('mounts', sh`cat /proc/self/mountinfo`),
    section(
      'tunnels',
      sh`if command -v wg >/dev/null; then wg show interfaces; else ip -o link show type wireguard | sed 's/^[0-9]*: \([^:@ ]*\).*/\1/'; fi`,
    ),
    sh`exit 0`,
  ]);
}

/** Reads what the script of `listBasics` printed. */
export function readBasics(output: ShellOutput): Basics {
  const sections = readSections(output);
  const lines = (name: string) => whole(name, sections.get(name));
  const memory = Number(sections.get('memory')?.lines[0] ?? 0) * 1024;
  const [first = 32_768, last = 60_999] = (sections.get('ephemeral')?.lines[0] ?? '')
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);
  return {
    root: lines('uid')[0] === '0',
    ...(memory > 0 && { memory }),
    ephemeral: [first, last],
    users: [...readAccounts(lines('users'))].flatMap(([name, account]) =>
      account === 'broken' ? [] : [{ name, shell: account.shell }],
    ),
    shells: lines('shells').filter((line) => line.startsWith('/')),
    mounts: [...readMounts(lines('mounts').join('\n'))].map(([point, mount]) => ({ point, ...mount })),
    tunnels: (sections.get('tunnels')?.lines ?? []).join(' ').split(/\s+/).filter(Boolean),
  };
}

function whole(name: string, section: Section | undefined): readonly string[] {
  if (section?.exit === 0) return section.lines;
  throw new Error(`${name}: ${section?.said[0] ?? 'no answer'}`);
}
