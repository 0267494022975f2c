import type { Script, ShellOutput } from '../model.js';

/**
 * What is known of a target while it is switched, and the steps that ask or change it. Nouns only: `target/` makes the
 * steps, `ask-target.ts` runs them. All texts come from the target and may be hostile: `printable` before they are shown.
 */

/** One program on the target, and the pure reader of what it prints. */
export interface Step<T> {
  /** For people and errors: `arm the rollback`. */
  readonly name: string;
  readonly script: Script;
  /** Seconds until it is killed. */
  readonly limit: number;
  /** @throws Error where the output is not what the program prints */
  parse(output: ShellOutput): T;
}

/** What the target is before anything is touched. */
export interface TargetState {
  readonly root: boolean;
  /** Why it cannot be switched at all: no NixOS, no systemd, a tool that is missing. Empty where it can. */
  readonly lacks: readonly string[];
  /** Where the three links lead. A link that is not there is missing. */
  readonly current?: string;
  readonly booted?: string;
  readonly profile?: string;
  /** The number of the generation that the profile is. */
  readonly generation?: number;
  readonly boot: BootDefault;
  /** Changes with every boot. */
  readonly bootId: string;
  /** What runs now has another kernel than what was booted: nobody knows yet whether it boots. */
  readonly rebootPending?: boolean;
  /** `/etc` is in memory, or cannot be written: nothing there outlives a reboot. */
  readonly etcVolatile?: boolean;
  /** An activation is under way: somebody else's. */
  readonly lockHeld: boolean;
  /** A guard that is there already, whoever armed it; also one of which only remains are left. */
  readonly guard?: Guard;
  /** What `systemctl is-system-running` says. */
  readonly systemState: string;
  readonly failedUnits: readonly string[];
  /** Where the journal ends now, for `journalctl --after-cursor`. */
  readonly cursor?: string;
  /** Free bytes by path; a path that is not there is missing. */
  readonly free: { readonly [path in '/nix/store' | '/nix/var' | '/run' | '/boot']?: number };
  /** Where a new system was named. */
  readonly next?: NextSystem;
}

export interface BootDefault {
  readonly loader: 'systemd-boot' | 'grub' | 'extlinux' | 'unknown';
  /** The system that the next boot brings, as far as it can be told. */
  readonly system?: string;
  /** One boot of another entry can be asked for, after which the default holds again. */
  readonly once: boolean;
}

/** The system that is to come, as it lies on the target. */
export interface NextSystem {
  readonly path: string;
  /** `whole`: Nix knows it and it is a NixOS system. */
  readonly status: 'missing' | 'invalid' | 'no-system' | 'whole';
  /** Nothing to do: it runs, and is profile and boot default. */
  readonly isCurrent: boolean;
  readonly isProfile: boolean;
  /** Parts that only a reboot brings: `kernel`, `initrd`, `kernel-modules` (against what was booted), `kernel-params`. */
  readonly reboot: readonly ('kernel' | 'initrd' | 'kernel-modules' | 'kernel-params')[];
  /** Why `test` would be refused, and only `boot` works: `init-interface-version`, or the name of an inhibitor. */
  readonly inhibitors: readonly string[];
  /** `x86_64-linux`, of it and of what runs now. */
  readonly platform?: string;
  readonly currentPlatform?: string;
}

/**
 * How far a guarded switch is. `arming` and `disarming` last moments; who finds them later finds what a crash left.
 * `armed`: nothing is touched yet. `activating`, `activated`: by `test`. `keeping`: profile and boot loader. `command`: a
 * deployer of the user's runs. `kept`: all done but the disarming. `rolling-back`, `rollback-failed`: see the result.
 *
 * With a reboot: `preparing`: the next boot alone is to bring the new system. `rebooting`: it was told to. `booted`: it came up, and
 * nobody has armed again yet. Then on from `activated`.
 */
export type GuardPhase =
  | 'arming'
  | 'armed'
  | 'activating'
  | 'activated'
  | 'command'
  | 'preparing'
  | 'rebooting'
  | 'booted'
  | 'keeping'
  | 'kept'
  | 'rolling-back'
  | 'rollback-failed'
  | 'disarming'
  | 'unknown';

/** The dead man's switch on the target, as `switch status` shows it. */
export interface Guard {
  readonly id: string;
  readonly phase: GuardPhase;
  /** Seconds until it restores the old system; 0 or less where it is about to. Missing where nothing counts down. */
  readonly remaining?: number;
  /** What restores: a timer that waits, or the rollback that runs. `none`: only remains are there, nothing will happen. */
  readonly trigger: 'timer' | 'rollback' | 'none';
  /** `user@laptop`, and what it was told to say of the spec and the target. */
  readonly runner: string;
  readonly spec: string;
  readonly target: string;
  /** What it restores: the system that ran, and the profile (another one where a specialisation or `test` ran). */
  readonly old?: string;
  readonly profile?: string;
  /** The number of the generation that the profile was. */
  readonly generation?: number;
  /** What the boot default was. */
  readonly boot?: string;
  readonly next?: string;
  /** Of the boot in which it was armed. */
  readonly bootId: string;
}

export interface ArmRequest {
  /** Of this switch: letters, digits and dashes. The steps that follow name it, and touch no other guard. */
  readonly id: string;
  readonly runner: string;
  readonly spec: string;
  readonly target: string;
  /** Store path of the new system, kept from the garbage collector; missing where a deployer will make it. */
  readonly next?: string;
  /** Seconds until the old system is restored unless it is extended or disarmed. */
  readonly seconds: number;
  /** What is done where the old system cannot be activated in several tries: a reboot brings the boot default, the old one. */
  readonly lastResort: 'reboot' | 'none';
  /** What is to be restored where it is not what runs now. */
  readonly restore?: Restore;
}

/**
 * What ran before a reboot into the new system. It is brought back by booting it; where it was booted already, by activating it,
 * for the sake of the profile.
 */
export interface Restore {
  readonly current: string;
  readonly profile?: string;
  readonly generation?: number;
  /** The boot default; missing: what it is now. */
  readonly boot?: string;
}

export type Armed =
  | { readonly status: 'armed'; readonly remaining: number; readonly old: string; readonly profile?: string }
  /** Nothing was touched. `busy`: another switch, in `guard`. */
  | { readonly status: 'busy'; readonly guard: Guard }
  | { readonly status: 'failed'; readonly reason: string };

export type Extended =
  | { readonly status: 'extended'; readonly remaining: number }
  /** The rollback has begun, or this guard is gone. */
  | { readonly status: 'too-late'; readonly reason: string };

export type Disarmed =
  /** Also where it was disarmed before. */
  | { readonly status: 'disarmed' }
  | { readonly status: 'too-late'; readonly reason: string }
  | { readonly status: 'failed'; readonly reason: string };

/**
 * What is started on the target, to run on whatever becomes of the connection. `test`: the new system runs, nothing else
 * changes. `keep`: it becomes profile and boot default. `boot-once`: it becomes the profile, the old one stays boot
 * default, and the next boot alone brings the new one.
 */
export type Job = 'test' | 'keep' | 'boot-once';

export type Started = { readonly status: 'started' } | { readonly status: 'refused'; readonly reason: string };

/** How a job is getting on. */
export type Progress =
  | { readonly status: 'running'; readonly seconds: number; readonly output: string }
  /** `exit` as switch-to-configuration(8) means it; see `explainActivation`. `output`: the end of it. */
  | { readonly status: 'ended'; readonly exit: number; readonly seconds: number; readonly output: string }
  /** It was stopped or killed before it ended. */
  | { readonly status: 'killed'; readonly output: string }
  | { readonly status: 'gone'; readonly reason: string };

/** How a rollback is getting on, or ended. */
export type RollbackProgress =
  | { readonly status: 'waiting'; readonly remaining: number }
  | { readonly status: 'running'; readonly log: string }
  /** It began, and its process is gone without a result: `startRollback` begins again. */
  | { readonly status: 'cut-short'; readonly log: string }
  /** `bootId`: of the boot in which it ended, and not of the one after it. */
  | { readonly status: 'ended'; readonly result: RollbackResult; readonly bootId: string }
  /** Neither a guard nor a result is there (rebooted, or disarmed). `current` tells what runs. */
  | { readonly status: 'gone'; readonly current: string };

export interface RollbackResult {
  readonly id: string;
  /** `restored`: what ran before runs again. `reboot`: it could not be activated, and the machine reboots into it. */
  readonly ended: 'restored' | 'reboot' | 'failed';
  /** In words, why it failed. */
  readonly reason: string;
  readonly old: string;
  /** What each part came to. */
  readonly current: string;
  readonly profileRestored: boolean;
  /** Missing: not touched, so not installed again. */
  readonly bootExit?: number;
  /** Of the old system's switch-to-configuration, the last try. */
  readonly exit?: number;
  readonly tries: number;
  /** Why it ran: `deadline`: nobody disarmed it in time; `asked`. */
  readonly cause: 'deadline' | 'asked';
  /** Units that ran before, and had to be started once more. */
  readonly restarted: readonly string[];
  readonly seconds: number;
  /** The end of what it said. */
  readonly log: string;
}

/** A copy of data to be made before the switch: an entry of `state:` of the spec. */
export interface SnapshotRequest {
  readonly name: string;
  readonly kind: 'btrfs' | 'zfs' | 'dump';
  /** A path of a subvolume, a data set, or a command for `/bin/sh -c`. */
  readonly source: string;
  /** The folder for a dump, made where it is not there. */
  readonly into?: string;
  /** As whom a dump is made; root otherwise. */
  readonly user?: string;
  /** Seconds it may take. */
  readonly timeout: number;
}

export type SnapshotTaken =
  | { readonly status: 'taken'; readonly made: string; readonly restore: string; readonly bytes?: number }
  | { readonly status: 'failed'; readonly reason: string };
