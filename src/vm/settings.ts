import { availableParallelism, totalmem } from 'node:os';
import type { Value } from '../model.js';

/** The `vm:` of a target, with what is taken where it says nothing. Sizes in bytes, times in seconds. */
export interface VmSettings {
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
  readonly seed?: string;
  readonly secrets: 'dummy' | 'none';
}

const gibibyte = 1024 ** 3;

/** NixOS's own defaults (1 GiB, one core, 1 GiB of disk) are too little for a server; of the disk only what is used is taken. */
export function readVmSettings(written: { readonly [key: string]: Value }): VmSettings {
  const text = (key: string) => (typeof written[key] === 'string' ? { [key]: written[key] } : {});
  const number = (key: string) => (typeof written[key] === 'number' ? written[key] : undefined);
  const timeout = number('timeout');
  return {
    ...text('flake'),
    ...text('file'),
    ...text('attribute'),
    ...text('command'),
    ...text('system'),
    ...text('seed'),
    memory: number('memory') ?? (totalmem() >= 12 * gibibyte ? 4 : 2) * gibibyte,
    cores: number('cores') ?? Math.min(4, availableParallelism()),
    disk: number('disk') ?? 20 * gibibyte,
    ...(timeout !== undefined && { timeout }),
    keep: written.keep === true,
    network: written.network === 'open' ? 'open' : 'restricted',
    modules: Array.isArray(written.modules) ? written.modules.map(String) : [],
    secrets: written.secrets === 'none' ? 'none' : 'dummy',
  };
}
