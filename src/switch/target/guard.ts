import { joinScripts, sh } from '../../shell/sh.js';
import type { Disarmed, Extended, Guard, GuardPhase, Step } from '../state.js';
import { jobService, places, rollbackService, rollbackTimer, tellGuard } from './places.js';
import { readTold, type Told, tell, unkillable } from './told.js';

/** Takes the guard's lock, or says why it cannot: whoever holds it may have decided. */
export function takeLock(id: string) {
  return sh`too_late() {
  tell status too-late
  tell reason "$1"
  tell end 1
  exit 0
}
id=${id}
[ -d "$dir" ] || too_late 'nothing is armed any more: it ran, or the machine was rebooted'
exec 9>>"$dir/lock" || too_late 'the lock could not be opened'
flock -w 20 9 || too_late 'somebody else has held the lock for 20 seconds'
recall id
[ "$recalled" = "$id" ] || too_late 'another switch is armed'
recall phase
phase=$recalled
case $phase in rolling-back | rollback-failed) too_late "the rollback has begun" ;; esac`;
}

/** The rollback comes so many seconds from now, or later where it was to come later. */
export function extend(id: string, seconds: number): Step<Extended> {
  return {
    name: 'extend the deadline',
    script: unkillable(sh`${places}
${tell}
${takeLock(id)}
[ "$(state_of ${rollbackTimer})" = active ] || [ "$(state_of ${rollbackService})" = active ] || too_late 'the timer is gone'
now
recall until
until=$((up + ${seconds}))
# Never earlier: the timer itself stays as it is, and what it starts reads this and waits on.
[ "$until" -gt "$recalled" ] || until=$recalled
keep until "$until" || too_late 'a file in /run could not be written'
tell status extended
tell remaining $((until - up))
tell end 1`),
    limit: 40,
    parse: (output) => {
      const told = readTold(output);
      if (told.get('status') === 'extended') return { status: 'extended', remaining: told.number('remaining') ?? 0 };
      return { status: 'too-late', reason: told.get('reason') ?? 'it does not say why' };
    },
  };
}

/** Removes the guard, all of it; also what a crash, a reboot or a rollback left of it. */
export function disarm(id: string): Step<Disarmed> {
  return {
    name: 'disarm the rollback',
    script: unkillable(sh`${places}
${tell}
answer() {
  tell status "$1"
  tell reason "$2"
  tell end 1
  exit 0
}
clear_up() {
  waits=$(boot_guard_says id)
  [ -n "$waits" ] && [ "$waits" != "$id" ] && return
  forget_boot_guard
  rm -f "$roots"-old "$roots"-profile "$roots"-boot "$roots"-next
  [ ! -d "$last" ] || { dir=$last; recall id; [ "$recalled" != "$id" ] || rm -rf "$last"; }
  rmdir /run/nixspec 2>/dev/null
}
id=${id}
if [ -d "$dir" ]; then
  exec 9>>"$dir/lock"
  flock -w 20 9 || answer too-late 'somebody else has held the lock for 20 seconds'
  recall id
  if [ -d "$dir" ]; then
    [ "$recalled" = "$id" ] || answer failed 'another switch is armed'
    recall phase
    service=$(state_of ${rollbackService})
    case $recalled$service in
      rolling-backactive | rolling-backactivating) answer too-late 'the rollback has begun' ;;
      rolling-back*) answer too-late 'the rollback began, and was cut short' ;;
    esac
    [ "$(state_of ${jobService})" != active ] || answer failed 'an activation is still under way'
    keep phase disarming
    systemctl stop ${rollbackTimer} 2>/dev/null
    systemctl stop ${rollbackService} 2>/dev/null
    rm -rf "$dir"
  fi
fi
[ "$(state_of ${rollbackTimer})" != active ] || answer failed 'the timer could not be stopped'
clear_up
answer disarmed`),
    limit: 60,
    parse: (output) => {
      const told = readTold(output);
      const [status, reason] = [told.get('status'), told.get('reason') ?? 'it does not say why'];
      if (status === 'disarmed') return { status };
      return { status: status === 'too-late' ? status : 'failed', reason };
    },
  };
}

/** What is armed. `absent`: nothing. */
export function readGuard(): Step<Guard | 'absent'> {
  return {
    name: 'look for a guard',
    script: joinScripts([places, tell, tellGuard, sh`tell_guard; tell end 1`]),
    limit: 30,
    parse: (output) => readGuardFrom(readTold(output)) ?? 'absent',
  };
}

const phases: ReadonlySet<string> = new Set<GuardPhase>([
  'arming',
  'armed',
  'activating',
  'activated',
  'command',
  'preparing',
  'rebooting',
  'booted',
  'keeping',
  'kept',
  'rolling-back',
  'rollback-failed',
  'disarming',
]);

const isPhase = (text: string): text is GuardPhase => phases.has(text);

/** Of what `tell_guard` told; undefined where nothing is there. */
export function readGuardFrom(told: Told): Guard | undefined {
  if (!told.flag('guard')) return undefined;
  const said = told.get('guard-phase') ?? '';
  const phase = isPhase(said) ? said : 'unknown';
  const [until, up] = [told.number('guard-until'), told.number('guard-up')];
  const generation = told.number('guard-generation');
  const service = /^(active|activating|deactivating)$/.test(told.get('guard-service') ?? '');
  const trigger =
    service && phase === 'rolling-back'
      ? 'rollback'
      : service || told.get('guard-timer') === 'active'
        ? 'timer'
        : 'none';
  const links = ['old', 'profile', 'boot', 'next'].flatMap((name) => {
    const path = told.get(`guard-${name}`);
    return path === undefined ? [] : [[name, path]];
  });
  return {
    id: told.get('guard-id') ?? '',
    phase,
    ...(trigger === 'timer' && until !== undefined && up !== undefined && { remaining: until - up }),
    trigger,
    runner: told.get('guard-runner') ?? '',
    spec: told.get('guard-spec') ?? '',
    target: told.get('guard-target') ?? '',
    ...(Object.fromEntries(links) as Pick<Guard, 'old' | 'profile' | 'boot' | 'next'>),
    ...(generation !== undefined && { generation }),
    bootId: told.get('guard-boot-id') ?? '',
  };
}
