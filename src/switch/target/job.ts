import type { Script } from '../../model.js';
import { joinScripts, sh } from '../../shell/sh.js';
import type { Job, Progress, Started, Step } from '../state.js';
import { guardBoot } from './boot-guard.js';
import { askBootOnce, bootDefault } from './boot-loader.js';
import { takeLock } from './guard.js';
import { jobService, places } from './places.js';
import { unitProperties } from './rollback-script.js';
import { readTold, type Told, tell, unkillable } from './told.js';

/** Bytes that are kept of what a job says, and that `followJob` shows of its end. */
const mostOutput = 1024 * 1024;
const shownOutput = 16 * 1024;

/**
 * Starts a job as a unit of the target, so that it runs on whatever becomes of the connection. The unit itself never fails:
 * a failed unit of ours would be found by the verification, and by switch-to-configuration, as one of the system's.
 *
 * @param bootSeconds of `boot-once`: how long after its boot the new system may run before somebody arms again
 */
export function startJob(id: string, job: Job, next: string, bootSeconds = 300): Step<Started> {
  const phase = { test: 'activating', keep: 'keeping', 'boot-once': 'preparing' }[job];
  const service = [...unitProperties, 'Type=exec', 'TimeoutStopSec=15', 'KillMode=control-group'];
  return startStep(
    `start the activation (${job})`,
    sh`${places}
${tell}
${takeLock(id)}
umask 077
[ -x ${next}/bin/switch-to-configuration ] || too_late ${`${next} is no NixOS system that is whole on the target`}
[ "$(state_of ${jobService})" != active ] || too_late 'an activation is still under way'
rm -f "$dir/exit" "$dir/output" "$dir/out"
${job === 'test' ? sh`` : sh`: >"$dir/boot-touched" || too_late 'a file in /run could not be written'`}
${job === 'boot-once' ? sh`: >"$dir/once" || too_late 'a file in /run could not be written'` : sh``}
tools=$(readlink "$dir/old")/sw/bin:/run/current-system/sw/bin:/run/booted-system/sw/bin:/usr/sbin:/usr/bin:/sbin:/bin
{
  printf 'PATH=%s\n' "$tools"
  printf %s ${jobScript(id, job, next, bootSeconds).raw}
} >"$dir/job" || too_late 'a file in /run could not be written'
now
keep started "$up" && keep phase ${phase} || too_late 'a file in /run could not be written'
said=$(systemd-run --quiet --collect --no-ask-password --unit=${jobService.replace('.service', '')} --description='nixspec: activates the new system' \
  ${service.map((property) => `--property=${property}`)} -- "$(readlink -f /bin/sh)" "$dir/job" 2>&1) ||
  { keep phase "$phase"; too_late "systemd does not start it: $said"; }
tell status started
tell end 1`,
  );
}

/**
 * Its output goes through a pipe to a bounded file. switch-to-configuration's own process is waited for, not the end of its output, which
 * a process that it left may hold open. The tools are those of the old system: the new one's may be broken.
 */
function jobScript(id: string, job: Job, next: string, bootSeconds: number): Script {
  return sh`${places}
umask 077
cd /
export PATH HOME=/root LC_ALL=C
[ ! -e /run/current-system/sw/lib/locale/locale-archive ] || export LOCALE_ARCHIVE=/run/current-system/sw/lib/locale/locale-archive
next=${next}
${job === 'boot-once' ? joinScripts([bootDefault, askBootOnce, guardBoot(bootSeconds)]) : sh``}
mkfifo "$dir/out" && { { head -c ${mostOutput} >"$dir/output"; exec cat >/dev/null; } <"$dir/out" & }
{
${jobCommands(job)}
} >"$dir/out" 2>&1 </dev/null
# What it said last is on its way.
sleep 0.2
now
keep ended "$up"
exec 9>>"$dir/lock"
flock -w 20 9
recall id
if [ "$recalled" = ${id} ]; then
  keep exit "$code"
  recall phase
  case $recalled in
    activating) keep phase activated ;;
    keeping) [ "$code" != 0 ] || keep phase kept ;;
  esac
fi
exit 0
`;
}

function jobCommands(job: Job): Script {
  if (job === 'test') return sh`"$next/bin/switch-to-configuration" test; code=$?`;
  const setProfile = sh`nix-env -p "$system" --set "$next"; code=$?`;
  // From here on it must not put back the profile after a power cut: the boot default may be the new system.
  if (job === 'keep')
    return joinScripts([
      sh`forget_boot_guard`,
      setProfile,
      sh`[ $code != 0 ] || { "$next/bin/switch-to-configuration" boot; code=$?; }`,
    ]);
  // Entries are made of the generations, and the default is the system that is asked: so the old one is.
  return joinScripts([
    setProfile,
    sh`default=$(readlink -f "$dir/boot")
[ -n "$default" ] || default=$(readlink -f "$dir/old")
[ $code != 0 ] || { "$default/bin/switch-to-configuration" boot; code=$?; }
if [ $code = 0 ]; then
  boot_default
  if [ "$boot_system" != "$default" ]; then
    echo "the boot default would be $boot_system, not $default, and a second reboot would not bring it back"; code=1
  elif ! guard_boot; then
    echo 'nothing would guard the new system after the reboot: /etc cannot be written'; code=1
  else
    ask_boot_once "$next"; code=$?
  fi
fi`,
  ]);
}

export function followJob(id: string): Step<Progress> {
  return {
    name: 'follow the activation',
    script: sh`${places}
${tell}
recall id
if [ "$recalled" != ${id} ]; then
  tell gone 1
else
  # First the unit, then what it left: the other way round, one that ends in between would look killed.
  tell service "$(state_of ${jobService})"
  now
  for name in exit started ended phase; do recall $name; tell $name "$recalled"; done
  tell up "$up"
  tell output "$(tail -c ${shownOutput} "$dir/output" | tr -d '\000')"
fi
tell end 1`,
    limit: 30,
    parse: (output) => readProgress(readTold(output)),
  };
}

function readProgress(told: Told): Progress {
  if (told.flag('gone'))
    return { status: 'gone', reason: 'nothing is armed any more: it ran, or the machine was rebooted' };
  const [exit, output] = [told.number('exit'), told.get('output') ?? ''];
  const started = told.number('started');
  if (started === undefined) return { status: 'gone', reason: 'no activation was started' };
  const seconds = (told.number('ended') ?? told.number('up') ?? started) - started;
  if (exit !== undefined) return { status: 'ended', exit, seconds, output };
  // Nothing: systemd has not answered, which says nothing about the unit.
  if (/^(active|activating|)$/.test(told.get('service') ?? '')) return { status: 'running', seconds, output };
  return { status: 'killed', output };
}

/** Says to the guard that a deployer of the user's begins, which may change profile and boot loader. */
export function enterCommand(id: string): Step<Started> {
  return startStep(
    'announce the command',
    sh`${places}
${tell}
${takeLock(id)}
: >"$dir/boot-touched" && keep phase command || too_late 'a file in /run could not be written'
tell status started
tell end 1`,
  );
}

/** After a deployer: what it made current is the new system, kept from the garbage collector. */
export function adoptNext(id: string, next: string): Step<Started> {
  return startStep(
    'adopt the new system',
    sh`${places}
${tell}
${takeLock(id)}
ln -sfn ${next} "$dir/next" && ln -sfn "$dir/next" "$roots-next" && keep phase activated || too_late 'a link could not be made'
tell status started
tell end 1`,
  );
}

/** A step that answers `started`, or why not. */
export function startStep(name: string, script: Script): Step<Started> {
  return {
    name,
    script: unkillable(script),
    limit: 60,
    parse: (output) => {
      const told = readTold(output);
      if (told.get('status') === 'started') return { status: 'started' };
      return { status: 'refused', reason: told.get('reason') ?? 'it does not say why' };
    },
  };
}

/** What an exit status of switch-to-configuration means, in words, and whether the new system is the current one after it. */
export function explainActivation(exit: number): { readonly activated: boolean; readonly meaning: string } {
  const known: { readonly [exit: number]: readonly [boolean, string] } = {
    0: [true, 'all went well'],
    1: [false, 'it was refused (a pre-switch check, an inhibitor), or the boot loader could not be installed'],
    2: [true, 'the activation script failed'],
    4: [true, 'units failed'],
    11: [false, 'another activation holds the lock'],
    100: [false, 'it takes effect only after a reboot: the init interface differs'],
    126: [false, 'switch-to-configuration could not be run'],
    127: [false, 'switch-to-configuration is not there'],
  };
  const [activated, meaning] = known[exit] ?? [
    false,
    exit > 128 ? `it was killed by signal ${exit - 128}` : 'it failed',
  ];
  return { activated, meaning };
}
