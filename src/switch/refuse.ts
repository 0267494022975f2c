import { type ErrorCode, NixspecError } from '../error.js';
import type { StagingVerdict } from './staging.js';
import type { Guard, NextSystem, TargetState } from './state.js';

/** All that can keep a switch from starting. */
export interface Circumstances {
  readonly target: string;
  readonly state: TargetState;
  readonly staging: StagingVerdict;
  readonly options: {
    /** Whatever staging says. */
    readonly withoutStaging: boolean;
    /** What needs a reboot may have one. */
    readonly reboot: boolean;
    /** A deployer makes the new system: nothing is known of it yet. */
    readonly wrapped: boolean;
  };
}

/** Why a switch does not start, and the way out. */
export interface Refusal {
  readonly code: Extract<ErrorCode, 'switch-refused' | 'staging-not-passed' | 'sudo-not-permitted'>;
  readonly message: string;
  readonly hint: string;
}

/** Bytes: below it a state folder, a generation or a boot entry may fail half way. */
const leastFree = {
  '/run': 1024 ** 2,
  '/nix/var': 16 * 1024 ** 2,
  '/boot': 128 * 1024,
  '/nix/store': 16 * 1024 ** 2,
} as const;

/** Every reason for which the switch does not start, most important first; nothing was touched. Pure. */
export function findRefusals(circumstances: Circumstances): readonly Refusal[] {
  const { state } = circumstances;
  if (!state.root) {
    const hint = 'log in as root, or set `sudo: true` for the target';
    return [{ code: 'sudo-not-permitted', message: 'a switch takes root there', hint }];
  }
  return [
    ...state.lacks.map((reason) => refuse(reason, 'nixspec switches NixOS machines')),
    ...refuseGuard(circumstances),
    ...refuseStaging(circumstances),
    ...refuseNext(circumstances),
    ...refuseSpace(state),
  ];
}

/** @throws NixspecError with all of them, with the code of the first */
export function throwRefusals(target: string, refusals: readonly Refusal[]): void {
  const [first, ...rest] = refusals;
  if (!first) return;
  const message = [first, ...rest].map((one) => one.message).join('; and ');
  const hint = [...new Set(refusals.map((one) => one.hint))].join('; ');
  throw new NixspecError(first.code, `${target}: not switched: ${message}`, { operation: 'switch', target, hint });
}

function refuse(message: string, hint: string): Refusal {
  return { code: 'switch-refused', message, hint };
}

function refuseGuard({ target, state }: Circumstances): Refusal[] {
  if (state.guard) return [describeGuard(target, state.guard)];
  if (!state.lockHeld) return [];
  return [refuse('an activation is under way there', 'wait until it is over')];
}

function describeGuard(target: string, { runner, phase, remaining, trigger }: Guard): Refusal {
  const whose = runner === '' ? 'another switch' : `a switch of ${runner}`;
  if (trigger === 'none')
    return refuse(
      `${whose} left something there (${phase})`,
      `\`nixspec switch status ${target}\` shows it, \`nixspec switch rollback ${target}\` clears it away`,
    );
  if (trigger === 'rollback') return refuse(`${whose} is being rolled back there`, 'wait until that is over');
  if (phase === 'rebooting')
    return refuse(`${whose} reboots it now`, `\`nixspec switch status ${target}\` shows what is there when it is up`);
  const until =
    remaining === undefined ? '' : `, which restores the old system in ${Math.max(0, Math.round(remaining))} s`;
  return refuse(
    `${whose} is armed there (${phase})${until}`,
    `wait for it; if its runner is dead, \`nixspec switch confirm ${target}\` or \`nixspec switch rollback ${target}\` ends it`,
  );
}

function refuseStaging({ staging, options }: Circumstances): Refusal[] {
  if (options.withoutStaging || staging.status === 'passed' || staging.status === 'none') return [];
  const hint = 'run `nixspec verify` on the staging target first, or switch all the same by --without-staging';
  return [{ code: 'staging-not-passed', message: staging.message, hint }];
}

function refuseNext({ state, options }: Circumstances): Refusal[] {
  const { next } = state;
  if (!next || options.wrapped) return [];
  if (next.status === 'missing') return [refuse(`${next.path} is not there`, 'copy it there, or give --flake')];
  if (next.status === 'invalid')
    return [refuse(`Nix there does not know ${next.path}, or not all of it`, 'copy it again: nix copy')];
  if (next.status === 'no-system')
    return [refuse(`${next.path} is no NixOS system`, 'give the path of config.system.build.toplevel')];
  if (next.platform !== undefined && next.currentPlatform !== undefined && next.platform !== next.currentPlatform)
    return [
      refuse(`it is built for ${next.platform}, and the machine is ${next.currentPlatform}`, 'build it for that'),
    ];
  if (options.reboot) return needsReboot(next) ? refuseReboot(state) : [];
  if (next.inhibitors.length === 0) return [];
  const why = next.inhibitors.join(', ');
  return [refuse(`it cannot be switched to without a reboot (${why})`, 'let it reboot by --reboot')];
}

/** Whether a part of it takes effect only with a reboot, or it cannot be activated without one at all. */
export function needsReboot({ reboot, inhibitors }: Pick<NextSystem, 'reboot' | 'inhibitors'>): boolean {
  return reboot.length > 0 || inhibitors.length > 0;
}

/** A reboot is dared only where another one brings the old system, whoever makes it. */
function refuseReboot({ boot, current, etcVolatile }: TargetState): Refusal[] {
  const byHand = 'take `nixos-rebuild boot`, reboot with a console at hand, and `nixspec verify`';
  const refusals: Refusal[] = [];
  if (!boot.once)
    refusals.push(
      refuse(
        `its boot loader (${boot.loader}) cannot be asked for one boot of the new system, after which the old one comes again`,
        `systemd-boot can, and GRUB where /boot is a plain ext4 or vfat partition; else ${byHand}`,
      ),
    );
  if (boot.system === undefined)
    refusals.push(
      refuse('which system it boots by default cannot be told, so that a reboot may be no way back', byHand),
    );
  else if (boot.system !== current)
    refusals.push(
      refuse(
        `it boots ${boot.system} by default, and not what runs: a reboot would be no way back`,
        'make what runs the boot default first: /run/current-system/bin/switch-to-configuration boot',
      ),
    );
  if (etcVolatile)
    refusals.push(refuse('nothing written to its /etc outlives a reboot, so that nothing could guard it then', byHand));
  return refusals;
}

function refuseSpace({ free }: TargetState): Refusal[] {
  return Object.entries(leastFree).flatMap(([path, least]) => {
    const bytes = free[path as keyof typeof leastFree];
    if (bytes === undefined || bytes >= least) return [];
    const shown = `${Math.floor(bytes / 1024)} KiB`;
    return [refuse(`${path} is all but full (${shown} free)`, 'make room: a switch, and a rollback, need some')];
  });
}
