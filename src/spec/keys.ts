// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of specs are written like that
import type { Value } from '../model.js';
import type { LiteralForm } from './literal.js';

/** A key of the language itself. These tables are its only declaration: reading and schema come from them. */
export interface KeyForm extends LiteralForm {
  /** One line, no full stop. */
  readonly summary: string;
  readonly example: Value;
  /** What it names is defined by the spec itself: an editor that was told the names can offer them. */
  readonly names?: 'target' | 'tag';
}

export type Keys = { readonly [name: string]: KeyForm };

/** What an entry may say beside its parameters and properties. */
export const entryKeys = {
  title: { type: 'string', summary: 'What it is about, for reports', example: 'The shop answers' },
  tags: {
    type: 'list',
    summary: 'Words to choose entries by: `nixspec verify --tag web`',
    example: ['web'],
    names: 'tag',
  },
  only: {
    type: 'list',
    summary: 'The targets it is for; left out on all others',
    example: ['production'],
    names: 'target',
  },
  except: { type: 'list', summary: 'The targets it is not for', example: ['vm'], names: 'target' },
  within: {
    type: 'duration',
    summary: 'How long it may take to become true: it is looked at again until then',
    example: '30s',
  },
  every: { type: 'duration', summary: 'How often it is looked at again, where `within` is given', example: '2s' },
  timeout: { type: 'duration', summary: 'How long one look may take; what takes longer is unknown', example: '5s' },
  skip: {
    type: 'string',
    summary: 'Why it is not looked at for now; it is reported as skipped',
    example: 'see ticket 42',
  },
  severity: {
    type: 'string',
    words: ['error', 'warning'],
    summary: 'What a failure is: an error (the default), or a warning that does not fail the run',
    example: 'warning',
  },
  needs: {
    type: 'list',
    summary: 'Entries that must pass first, by resource type and subject, or by title; else this one is skipped',
    example: ['unit postgresql'],
  },
  waive: {
    type: 'map',
    summary: 'A failure that is accepted for a time: still run, reported apart, and a failure again when it is over',
    example: { reason: 'see ticket 42', until: '2027-01-31' },
  },
  'for-each': {
    type: 'map',
    summary: 'Values for `${name}` in the key and in the body: one entry for each; of several names, each combination',
    example: { host: ['git', 'wiki'] },
  },
} as const satisfies Keys;

/** What `defaults` may say for all entries of a file. */
export const defaultKeys = {
  within: entryKeys.within,
  every: entryKeys.every,
  timeout: entryKeys.timeout,
  tags: entryKeys.tags,
  severity: entryKeys.severity,
} as const satisfies Keys;

/** The keys of `waive`. */
export const waiveKeys = {
  reason: { type: 'string', summary: 'Why the failure is accepted for now', example: 'see ticket 42' },
  until: { type: 'string', summary: 'The last day on which it is (UTC)', example: '2027-01-31' },
} as const satisfies Keys;

/** The keys of a secret: exactly one of `env`, `file` and `command` says where it comes from. */
export const secretKeys = {
  env: { type: 'string', summary: 'The environment variable of nixspec that holds it', example: 'DB_PASSWORD' },
  file: {
    type: 'string',
    summary: 'The file that holds it, relative to this one; one newline at its end is left out',
    example: '/run/secrets/db',
  },
  command: {
    type: 'list',
    summary:
      'What prints it, run on this machine: a text by `/bin/sh -c`, a list as it is; one newline at the end is left out',
    example: 'pass show db',
  },
  timeout: { type: 'duration', summary: 'How long `command` may take (default 60s)', example: '10s' },
} as const satisfies Keys;

/** The keys of an entry of `state`: exactly one of `btrfs`, `zfs` and `dump` says what is copied. */
export const stateKeys = {
  btrfs: { type: 'string', summary: 'A btrfs subvolume, by its path', example: '/var/lib/postgresql' },
  zfs: { type: 'string', summary: 'A ZFS data set, with all that is in it', example: 'tank/files' },
  dump: {
    type: 'string',
    summary: 'A command that prints the data, run on the target by `/bin/sh -c`',
    example: 'pg_dumpall',
  },
  into: { type: 'string', summary: 'The folder on the target that a dump is put into', example: '/var/backup' },
  user: { type: 'string', summary: 'As whom the dump is made (default root)', example: 'postgres' },
  timeout: { type: 'duration', summary: 'How long it may take (default 10m)', example: '30m' },
  only: {
    type: 'list',
    summary: 'The targets it is for; left out on all others',
    example: ['production'],
    names: 'target',
  },
  except: { type: 'list', summary: 'The targets it is not for', example: ['vm'], names: 'target' },
} as const satisfies Keys;

/** The keys of `ssh` where it is a mapping. */
export const sshKeys = {
  host: { type: 'string', summary: 'Name, address or alias of the SSH configuration', example: 'web.example.org' },
  user: { type: 'string', summary: 'Whom to log in as', example: 'root' },
  port: { type: 'number', summary: 'Port of the SSH server', example: 2222 },
  'identity-file': { type: 'string', summary: 'The private key, as `ssh -i`', example: '~/.ssh/id_ed25519' },
  'known-hosts': { type: 'string', summary: 'The file with the host keys', example: 'known_hosts' },
  config: { type: 'string', summary: 'The SSH configuration to use, as `ssh -F`', example: 'ssh_config' },
  jump: { type: 'string', summary: 'The host to go through, as `ssh -J`', example: 'root@gate.example.org' },
} as const satisfies Keys;

/** The keys of `vm`: the staging VM that is built and booted for a run. Paths are relative to the folder of the spec. */
export const vmKeys = {
  flake: {
    type: 'string',
    summary:
      'The flake and the host in it, as for `nixos-rebuild --flake`; the host may be left out where there is one',
    example: '.#web',
  },
  file: {
    type: 'string',
    summary: 'The file of the configuration, where there is no flake; `NIX_PATH` says where nixpkgs is',
    example: 'configuration.nix',
  },
  attribute: {
    type: 'string',
    summary: 'An attribute of `flake` or `file`: a VM of your own making, which nixspec adds nothing to',
    example: 'nixosConfigurations.web.config.system.build.vm',
  },
  command: {
    type: 'string',
    summary: 'The start script of a VM that was built elsewhere, in place of a build; nixspec adds nothing to it',
    example: './result/bin/run-web-vm',
  },
  memory: { type: 'size', summary: 'Memory of the VM (default 4 GiB, or 2 GiB on a small machine)', example: '4GiB' },
  cores: {
    type: 'number',
    summary: 'Processor cores of the VM (default those of this machine, at most 4)',
    example: 4,
  },
  disk: { type: 'size', summary: 'What its disk may grow to (default 20 GiB)', example: '20GiB' },
  timeout: {
    type: 'duration',
    summary: 'How long it may take to boot (default 5 minutes, without KVM 30)',
    example: '5m',
  },
  system: {
    type: 'string',
    summary: "The platform to build for (default this machine's own); another one than this machine's is emulated",
    form: { pattern: /^[a-z0-9_]+-linux$/, expects: 'a platform of Linux such as x86_64-linux' },
    example: 'aarch64-linux',
  },
  keep: { type: 'boolean', summary: 'Leave it running after the run, until `nixspec vm stop`', example: false },
  network: {
    type: 'string',
    words: ['restricted', 'open'],
    summary: 'Whether it reaches the world: `restricted` (the default) does not, whatever the VM itself says',
    example: 'restricted',
  },
  modules: { type: 'list', summary: 'NixOS modules to add for the VM', example: ['./staging.nix'] },
  seed: {
    type: 'string',
    summary:
      'The state that it starts with: a folder or tar archive that is unpacked, a script that is run, or a disk image (.qcow2, .img, .raw) to start from, which is never written to',
    example: './seed.tar.zst',
  },
  secrets: {
    type: 'string',
    words: ['dummy', 'none'],
    summary:
      "What becomes of agenix's and sops-nix's secrets: dummies in their place (the default), or nothing is done",
    example: 'dummy',
  },
  'reach-production': {
    type: 'boolean',
    summary: 'Insist on a VM with an open network and secrets that may be real, which is refused otherwise',
    example: false,
  },
} as const satisfies Keys;

/** The keys of a target beside `ssh`, `vm`, `vars` and `secrets`. */
export const targetKeys = {
  local: { type: 'boolean', summary: 'This very machine, without SSH', example: true },
  transport: {
    type: 'string',
    words: ['ssh2', 'openssh'],
    summary: 'How SSH is spoken: by itself (`ssh2`), or by the `ssh` of the system',
    example: 'openssh',
  },
  sudo: { type: 'boolean', summary: 'Look as root, by `sudo -n`', example: true },
  'compare-with': {
    type: 'string',
    summary: 'The target whose last run this one is compared with',
    example: 'vm',
    names: 'target',
  },
  from: {
    type: 'string',
    words: ['runner', 'target'],
    summary: 'Where `http`, `certificate`, `dns` and `addr` start from; for a VM it is the target, else the runner',
    example: 'target',
  },
} as const satisfies Keys;

/** `ssh` as one text. */
export const sshForm: KeyForm = {
  type: 'string',
  summary: 'What one types after `ssh`: user@host, an alias of the configuration, or ssh://user@host:port',
  example: 'root@web.example.org',
};

/** The keys of a spec that are no resource types. */
export const topKeys: { readonly [name: string]: { readonly summary: string; readonly example: Value } } = {
  version: { summary: 'The version of the language', example: 1 },
  vars: {
    summary: 'Variables: `${name}` stands for their value in subjects and values',
    example: { domain: 'example.org' },
  },
  secrets: {
    summary:
      'Passwords and tokens: `${secret.NAME}` stands for their value wherever a variable can, and is masked in every output',
    example: { DB_PASSWORD: { env: 'DB_PASSWORD' }, TOKEN: { command: 'pass show token' } },
  },
  targets: {
    summary: 'The machines that the spec is run against, by name',
    example: { production: { ssh: 'root@web.example.org' } },
  },
  include: { summary: 'Other files of the spec: paths and patterns, relative to this file', example: ['specs/*.yaml'] },
  state: {
    summary: 'Data that `nixspec switch` makes a copy of before it touches anything, by a name of your own',
    example: { database: { dump: 'pg_dumpall', into: '/var/backup', user: 'postgres' } },
  },
  defaults: {
    summary: 'What holds for every entry of this file and of the files it includes, unless they say otherwise',
    example: { within: '10s', http: { timeout: '5s' } },
  },
};
