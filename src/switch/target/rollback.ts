import { sh } from '../../shell/sh.js';
import type { RollbackProgress, RollbackResult, Started, Step } from '../state.js';
import { startStep } from './job.js';
import { places, rollbackService } from './places.js';
import { runRollback } from './rollback-script.js';
import { readTold, type Told, tell } from './told.js';

/**
 * Begins the rollback now: the same that the timer begins. Also one that was cut short or failed begins again; one that
 * runs is left alone.
 */
export function startRollback(id: string): Step<Started> {
  return startStep(
    'start the rollback',
    sh`${places}
${tell}
refuse() {
  tell status refused
  tell reason "$1"
  tell end 1
  exit 0
}
started() {
  tell status started
  tell end 1
  exit 0
}
id=${id}
[ ! -d "$last" ] || { dir=$last; recall id; [ "$recalled" != "$id" ] || started; dir=/run/nixspec/switch; }
[ -d "$dir" ] || refuse 'nothing is armed any more: it ran, or the machine was rebooted'
exec 9>>"$dir/lock"
flock -w 20 9 || refuse 'somebody else has held the lock for 20 seconds'
recall id
[ "$recalled" = "$id" ] || refuse 'another switch is armed'
recall phase
[ "$recalled" != rebooting ] || refuse 'it shuts down for a reboot; what restores is told after it'
service=$(state_of ${rollbackService})
[ "$recalled$service" != rolling-backactive ] || started
rm -f "$dir/result"
[ "$recalled" != rolling-back ] && [ "$recalled" != rollback-failed ] || keep phase unknown
keep cause asked
keep until 0
# It waits already where the deadline was extended; it is there, not started, while the timer waits.
[ "$service" != active ] || started
systemctl start --no-block ${rollbackService} 2>/dev/null && started
shell=$(readlink -f /bin/sh)
said=$(${runRollback(sh``)} 2>&1) && started
refuse "systemd does not start it: $said"`,
  );
}

export function followRollback(id: string): Step<RollbackProgress> {
  return {
    name: 'follow the rollback',
    script: sh`${places}
${tell}
tell current "$(readlink -f /run/current-system)"
read -r boot_id </proc/sys/kernel/random/boot_id
tell boot-id "$boot_id"
service=$(state_of ${rollbackService})
for folder in "$dir" "$last"; do
  dir=$folder
  recall id
  [ "$recalled" = ${id} ] || continue
  tell found 1
  tell service "$service"
  recall phase
  tell phase "$recalled"
  recall until
  now
  [ -z "$recalled" ] || tell remaining $((recalled - up))
  tell log "$(tail -c 8192 "$dir/log")"
  if [ -e "$dir/result" ]; then tell result 1; cat "$dir/result"; fi
  break
done
tell end 1`,
    limit: 30,
    parse: (output) => readRollback(readTold(output), id),
  };
}

function readRollback(told: Told, id: string): RollbackProgress {
  const log = told.get('log') ?? '';
  if (told.flag('result'))
    return { status: 'ended', result: readResult(told, id, log), bootId: told.get('boot-id') ?? '' };
  if (!told.flag('found')) return { status: 'gone', current: told.get('current') ?? '' };
  if (told.get('phase') !== 'rolling-back') return { status: 'waiting', remaining: told.number('remaining') ?? 0 };
  if (/^(active|activating)$/.test(told.get('service') ?? '')) return { status: 'running', log };
  return { status: 'cut-short', log };
}

function readResult(told: Told, id: string, log: string): RollbackResult {
  const ended = told.get('ended');
  const [bootExit, exit] = [told.number('boot-exit'), told.number('exit')];
  return {
    id,
    ended: ended === 'restored' || ended === 'reboot' ? ended : 'failed',
    reason: (told.get('reason') ?? '').replace(/^; /, ''),
    old: told.get('old') ?? '',
    current: told.get('current') ?? '',
    profileRestored: told.flag('profile-restored'),
    ...(bootExit !== undefined && { bootExit }),
    ...(exit !== undefined && { exit }),
    tries: told.number('tries') ?? 0,
    cause: told.get('cause') === 'asked' ? 'asked' : 'deadline',
    restarted: (told.get('restarted') ?? '').split(' ').filter((unit) => unit !== ''),
    seconds: told.number('seconds') ?? 0,
    log,
  };
}
