import { availableParallelism, homedir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import type { Value } from '../model.js';

/** The `vm:` of a target, with what is taken where it says nothing. Paths are absolute, sizes in bytes, times in seconds. */
export interface VmSettings {
  /** As it was written: it means what it does in the folder of the spec. */
  readonly flake?: string;
  readonly file?: string;
  readonly attribute?: string;
  readonly command?: string;
  readonly memory: number;
  readonly cores: number;
  readonly disk: number;
  /** How long it may take to boot; undefined: longer without KVM. */
  readonly timeout?: number;
  readonly system?: string;
  readonly keep: boolean;
  readonly network: 'restricted' | 'open';
  readonly modules: readonly string[];
  readonly seed?: VmSeed;
  readonly secrets: 'dummy' | 'none';
  /** The user insists on a VM that may reach production with production's secrets. */
  readonly reachProduction: boolean;
}

/** What the VM's disk begins with: files that are brought in at boot, or a whole disk. */
export interface VmSeed {
  readonly kind: 'files' | 'disk';
  readonly path: string;
}

const gibibyte = 1024 ** 3;

/**
 * NixOS's own defaults (1 GiB, one core, 1 GiB of disk) are too little for a server; of the disk only what is used is taken.
 * @param folder what relative paths mean, absolute: that of the spec
 */
export function readVmSettings(written: { readonly [key: string]: Value }, folder: string): VmSettings {
  const text = (key: string) => (typeof written[key] === 'string' ? { [key]: written[key] } : {});
  const path = (key: string) => (typeof written[key] === 'string' ? { [key]: locate(written[key], folder) } : {});
  const number = (key: string) => (typeof written[key] === 'number' ? written[key] : undefined);
  const timeout = number('timeout');
  return {
    ...text('flake'),
    ...path('file'),
    ...text('attribute'),
    ...path('command'),
    ...text('system'),
    ...(typeof written.seed === 'string' && { seed: readSeed(locate(written.seed, folder)) }),
    memory: number('memory') ?? (totalmem() >= 12 * gibibyte ? 4 : 2) * gibibyte,
    cores: number('cores') ?? Math.min(4, availableParallelism()),
    disk: number('disk') ?? 20 * gibibyte,
    ...(timeout !== undefined && { timeout }),
    keep: written.keep === true,
    network: written.network === 'open' ? 'open' : 'restricted',
    modules: Array.isArray(written.modules) ? written.modules.map((module) => locate(String(module), folder)) : [],
    secrets: written.secrets === 'none' ? 'none' : 'dummy',
    reachProduction: written['reach-production'] === true,
  };
}

/** Whether nixspec's own module is in it: else nobody knows what the VM is given and who may log in. */
export function isOwn({ attribute, command }: Pick<VmSettings, 'attribute' | 'command'>): boolean {
  return attribute !== undefined || command !== undefined;
}

function readSeed(path: string): VmSeed {
  return { kind: /\.(qcow2|img|raw)$/.test(path) ? 'disk' : 'files', path };
}

/** `~` is the home of whoever runs nixspec, since no shell reads it. */
export function locate(path: string, folder: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(folder, path);
}
