import type { Script } from '../../model.js';
import { sh } from '../../shell/sh.js';
import type { BootDefault, NextSystem, Step, TargetState } from '../state.js';
import { bootDefault, bootOnce } from './boot-loader.js';
import { readGuardFrom } from './guard.js';
import { places, tellGuard } from './places.js';
import { readTold, type Told, tell } from './told.js';

/** What the steps run on the target; all of it is part of every NixOS. */
const tools = [
  'systemctl',
  'systemd-run',
  'flock',
  'find',
  'grep',
  'sed',
  'cut',
  'tail',
  'head',
  'timeout',
  'nix-env',
  'nix-store',
];

const freePaths = ['/nix/store', '/nix/var', '/run', '/boot'] as const;

/** Looks at everything that decides whether a switch may begin. Changes nothing. @param next store path of the new system */
export function inspectTarget(next?: string): Step<TargetState> {
  return {
    name: 'look at the target',
    script: sh`${places}
${tell}
${bootDefault}
${bootOnce}
${tellGuard}
${lookAtHost}
${next === undefined ? sh`` : lookAtNext(next)}
tell end 1`,
    limit: 60,
    parse: (output) => {
      const told = readTold(output);
      const guard = readGuardFrom(told);
      const current = told.get('current');
      return {
        root: told.get('uid') === '0',
        lacks: told.lines('lacks'),
        ...optional(told, 'current', 'booted', 'profile', 'cursor'),
        ...(told.number('generation') !== undefined && { generation: told.number('generation') as number }),
        boot: readBootDefault(told),
        bootId: told.get('boot-id') ?? '',
        lockHeld: told.flag('lock-held'),
        ...(told.flag('reboot-pending') && { rebootPending: true }),
        ...(told.flag('etc-volatile') && { etcVolatile: true }),
        ...(guard && { guard }),
        systemState: told.get('system-state') ?? '',
        failedUnits: told.lines('failed-units'),
        free: Object.fromEntries(
          freePaths.flatMap((path) => {
            const bytes = told.number(`free ${path}`);
            return bytes === undefined ? [] : [[path, bytes * 1024]];
          }),
        ),
        ...(next !== undefined && { next: readNext(next, told, current) }),
      };
    },
  };
}

const lookAtHost: Script = sh`tell uid "$(id -u)"
[ -e /etc/NIXOS ] && [ -x /run/current-system/bin/switch-to-configuration ] || lacks='this is no NixOS system'
[ -d /run/systemd/system ] || lacks="$lacks
systemd does not run here"
for tool in ${tools}; do
  command -v "$tool" >/dev/null || lacks="$lacks
$tool is missing"
done
tell lacks "$lacks"
[ ! -e /run/current-system ] || tell current "$(readlink -f /run/current-system)"
[ ! -e /run/booted-system ] || tell booted "$(readlink -f /run/booted-system)"
if [ -e "$system" ]; then
  tell profile "$(readlink -f "$system")"
  tell generation "$(readlink "$system" | sed -n 's/^system-\([0-9][0-9]*\)-link$/\1/p')"
fi
boot_default
tell boot-loader "$boot_loader"
tell boot-system "$boot_system"
! can_boot_once || tell boot-once 1
case $(stat -f -c %T /etc) in tmpfs | ramfs) tell etc-volatile 1 ;; *) [ -w /etc ] || [ "$(id -u)" != 0 ] || tell etc-volatile 1 ;; esac
for part in kernel initrd kernel-modules; do
  [ "$(readlink -f "/run/current-system/$part")" = "$(readlink -f "/run/booted-system/$part")" ] || tell reboot-pending 1
done
read -r boot_id </proc/sys/kernel/random/boot_id
tell boot-id "$boot_id"
# Opened for reading: who may not write it can look as well, and nothing is made. Shared: two that look do not see each other.
[ ! -e "$lock" ] || flock -s -n "$lock" true 2>/dev/null || tell lock-held 1
tell_guard
tell system-state "$(systemctl is-system-running 2>/dev/null)"
tell failed-units "$(systemctl list-units --state=failed --plain --no-legend --no-pager --full 2>/dev/null | cut -d ' ' -f 1)"
tell cursor "$(journalctl --quiet --lines=0 --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')"
for path in ${freePaths}; do
  [ ! -e "$path" ] || tell "free $path" "$(df -Pk "$path" 2>/dev/null | sed -n '2s/^.*[[:space:]]\([0-9][0-9]*\)[[:space:]][[:space:]]*[0-9]*%.*/\1/p')"
done`;

/** Contents of small files, bounded; a store path that Nix does not know may be half a copy. */
function lookAtNext(next: string): Script {
  return sh`next=${next}
content() { [ ! -f "$1" ] || head -c 65536 "$1" | tr -d '\000'; }
if [ ! -e "$next" ]; then tell next missing
elif ! nix-store --check-validity "$next" 2>/dev/null; then tell next invalid
elif [ ! -x "$next/bin/switch-to-configuration" ] || [ ! -e "$next/init" ] || [ ! -e "$next/nixos-version" ]; then tell next no-system
else
  tell next whole
  for part in kernel initrd kernel-modules; do
    [ "$(readlink -f "$next/$part")" = "$(readlink -f "/run/booted-system/$part")" ] || tell "reboot $part" 1
  done
  [ "$(content "$next/kernel-params")" = "$(content /run/booted-system/kernel-params)" ] || tell 'reboot kernel-params' 1
  [ "$(content "$next/init-interface-version")" = "$(content /run/current-system/init-interface-version)" ] || tell init-differs 1
  tell inhibitors "$(content "$next/switch-inhibitors")"
  tell inhibitors-now "$(content /run/current-system/switch-inhibitors)"
  tell platform "$(content "$next/system")"
  tell platform-now "$(content /run/current-system/system)"
fi`;
}

function optional<N extends string>(told: Told, ...names: readonly N[]): { readonly [name in N]?: string } {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = told.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  ) as { readonly [name in N]?: string };
}

function readBootDefault(told: Told): BootDefault {
  const said = told.get('boot-loader');
  const system = told.get('boot-system');
  return {
    loader: said === 'systemd-boot' || said === 'grub' || said === 'extlinux' ? said : 'unknown',
    ...(system !== undefined && { system }),
    once: told.flag('boot-once'),
  };
}

const rebootParts = ['kernel', 'initrd', 'kernel-modules', 'kernel-params'] as const;

function readNext(path: string, told: Told, current: string | undefined): NextSystem {
  const said = told.get('next');
  const [platform, currentPlatform] = [told.get('platform'), told.get('platform-now')];
  return {
    path,
    status: said === 'whole' || said === 'invalid' || said === 'no-system' ? said : 'missing',
    isCurrent: path === current,
    isProfile: path === told.get('profile'),
    reboot: rebootParts.filter((part) => told.flag(`reboot ${part}`)),
    inhibitors: [
      ...(told.flag('init-differs') ? ['init-interface-version'] : []),
      ...compareInhibitors(told.get('inhibitors'), told.get('inhibitors-now')),
    ],
    ...(platform !== undefined && { platform }),
    ...(currentPlatform !== undefined && { currentPlatform }),
  };
}

/** Names whose values differ; the file is an object of JSON. One that is no such thing counts as a whole. */
function compareInhibitors(next: string | undefined, now: string | undefined): string[] {
  if (next === undefined || next === now) return [];
  const [ofNext, ofNow] = [readObject(next), readObject(now ?? '{}')];
  if (!ofNext || !ofNow) return ['switch-inhibitors'];
  return [...new Set([...Object.keys(ofNext), ...Object.keys(ofNow)])].filter(
    (name) => JSON.stringify(ofNext[name]) !== JSON.stringify(ofNow[name]),
  );
}

function readObject(text: string): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
