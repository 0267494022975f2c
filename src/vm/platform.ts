import { arch } from 'node:os';
import type { VmSettings } from './settings.js';

/** The platform of the machine that nixspec runs on, in Nix's words. */
export function runnerSystem(): string {
  const names: { readonly [name: string]: string } = { x64: 'x86_64', arm64: 'aarch64', ia32: 'i686', arm: 'armv7l' };
  return `${names[arch()] ?? arch()}-${process.platform}`;
}

/** NixOS is Linux: on a Mac the VM has the Mac's processor, and needs a builder for Linux. */
export function guestSystem({ system }: Pick<VmSettings, 'system'>, runner: string): string {
  return system ?? runner.replace(/-darwin$/, '-linux');
}
