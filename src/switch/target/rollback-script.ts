import type { Script } from '../../model.js';
import { sh } from '../../shell/sh.js';
import { bootDefault } from './boot-loader.js';
import { jobService, places, rollbackService, rollbackTimer } from './places.js';

/** Seconds that somebody else's activation may go on before it is ended: it holds the lock that the old system needs. */
const lockPatience = 60;
/** How often the old system is activated until it is the current one. */
const mostTries = 3;
/** Seconds for one activation, and for installing a boot loader. */
const activationLimit = 600;

/**
 * What the timer runs, and what `switch rollback` runs: it puts back the profile, the boot default and the running system, each by its
 * path. It is complete in itself: `arm` puts the values before it (`PATH`, `old`, `profile`, `generation`, `boot_before`, `resort`,
 * `how`, `id`), and its tools are those of the old system, since the new one's may be broken. Nothing in it may end it early.
 *
 * It is read whole before it runs, as the last thing that it does is to move its folder away.
 */
export const rollbackScript: Script = sh`${places}
${bootDefault}
umask 077
trap '' HUP INT PIPE
cd /
export PATH HOME=/root LC_ALL=C NIXOS_INSTALL_BOOTLOADER=0 NIXOS_NO_CHECK=1
[ ! -e "$old/sw/lib/locale/locale-archive" ] || export LOCALE_ARCHIVE="$old/sw/lib/locale/locale-archive"

note() {
  printf '%s\n' "$1"
  printf '%s\n' "$1" >>"$dir/log"
} 2>/dev/null

# Where /run is full: what others need no more, of a tmpfs that gives it back at once.
make_room() { rm -f "$dir/output" "$dir/units-now" "$dir/job"; }

# The one decision: under the lock, so that nobody disarms or extends at the same moment.
await_deadline() {
  while :; do
    exec 9>>"$dir/lock" || return 0
    flock -w 30 9
    recall id
    [ "$recalled" = "$id" ] || exit 0
    recall until
    now
    if [ "$recalled" -le "$up" ] 2>/dev/null || [ -z "$recalled" ]; then
      recall phase
      phase=$recalled
      recall cause
      cause=$recalled
      keep phase rolling-back || { make_room; keep phase rolling-back; }
      exec 9>&-
      return 0
    fi
    exec 9>&-
    sleep 1
  done
}

runs() { [ "$(readlink -f "$1")" = "$2" ]; }

end_activations() {
  for unit in ${jobService} nixos-rebuild-switch-to-configuration.service; do
    case $(state_of $unit) in active | activating | deactivating | reloading) ;; *) continue ;; esac
    note "stopping $unit"
    timeout -k 5 60 systemctl stop $unit || timeout 10 systemctl kill --signal=KILL $unit
  done
}

# Whoever has the lock file open holds it, or waits for it; a child that inherited it may hold it on.
free_lock() {
  waited=0
  while [ -e "$lock" ] && ! flock -n "$lock" true; do
    if [ $waited -eq 0 ]; then note 'waiting for an activation that is under way'; fi
    if [ $waited -ge ${lockPatience} ]; then
      for fd in $(find /proc/[0-9]*/fd -maxdepth 1 -lname "$lock" 2>/dev/null); do
        pid=$(printf '%s\n' "$fd" | cut -d / -f 3)
        [ "$pid" != $$ ] || continue
        note "ending process $pid, which holds the lock of activations"
        kill -KILL "$pid" 2>/dev/null
      done
    fi
    [ $waited -lt ${lockPatience + 10} ] || return 1
    sleep 1
    waited=$((waited + 1))
  done
}

# The very generation that it was where it is still there, so that no new one is made; else by path. Never "the one before".
restore_profile() {
  profile_changed=
  [ -n "$profile" ] || return 0
  ! runs "$system" "$profile" || return 0
  profile_changed=1
  note 'putting back the profile'
  if [ -n "$generation" ] && runs "$system-$generation-link" "$profile"; then
    ln -sfn "system-$generation-link" "$system.nixspec" && mv -fT "$system.nixspec" "$system"
  fi
  runs "$system" "$profile" || timeout -k 5 120 nix-env -p "$system" --set "$profile"
  runs "$system" "$profile"
}

restore_boot_default() {
  boot_exit=
  boot_default
  wanted=$boot_before
  [ -n "$wanted" ] || wanted=$profile
  [ -n "$wanted" ] || return 0
  forget_boot_guard
  if [ ! -e "$dir/once" ]; then :; else forget_once && rm -f "$dir/once"; fi
  [ -e "$dir/boot-touched" ] || [ "$boot_system" != "$boot_before" ] || [ -n "$profile_changed" ] || return 0
  note 'installing the boot loader for the old system'
  free_lock
  timeout -k 10 ${activationLimit} "$wanted/bin/switch-to-configuration" boot
  boot_exit=$?
  [ $boot_exit -eq 0 ] || return 1
  # The boot loader's own program looks for the default among the generations; it need not have found it.
  boot_default
  [ -z "$boot_before" ] || [ "$boot_system" = "$boot_before" ]
}

activate_old() {
  tries=0 exit=
  while [ $tries -lt ${mostTries} ]; do
    [ $tries -eq 0 ] || sleep $((tries * 2))
    tries=$((tries + 1))
    free_lock
    note "activating $old"
    timeout -k 10 ${activationLimit} "$old/bin/switch-to-configuration" test
    exit=$?
    note "it ended with exit status $exit"
    case $exit in 0 | 2 | 4) ! runs /run/current-system "$old" || return 0 ;; esac
  done
  return 1
}

# An activation that was ended half way may have stopped what it did not start again.
start_what_ran() {
  restarted=
  [ -s "$dir/units" ] || return 0
  sleep 1
  timeout 20 systemctl list-units --state=active --plain --no-legend --no-pager --full | cut -d ' ' -f 1 >"$dir/units-now"
  for unit in $(grep -vxFf "$dir/units-now" "$dir/units"); do
    case $(state_of "$unit") in active | activating | reloading) continue ;; esac
    [ "$(systemctl show "$unit" --property=LoadState --value)" = loaded ] || continue
    [ -z "$(systemctl show "$unit" --property=TriggeredBy --value)" ] || continue
    systemctl reset-failed "$unit" 2>/dev/null
    note "starting $unit, which ran before"
    timeout -k 5 60 systemctl start "$unit"
    restarted="$restarted$unit "
  done
} 2>/dev/null

say_result() {
  printf '%s\0' id "$id" ended "$ended" reason "$reason" old "$old" current "$(readlink -f /run/current-system)" profile-restored "$profile_ok" \
    boot-exit "$boot_exit" exit "$exit" tries "$tries" cause "$cause" restarted "$restarted" seconds "$((up - begun))" end 1
}

finish() {
  now
  [ "$ended" = failed ] || rm -f "$dir/units" "$dir/rollback"
  make_room
  say_result >"$dir/result.new" && mv -f "$dir/result.new" "$dir/result"
  if [ "$ended" = failed ]; then
    keep phase rollback-failed
    timeout 20 systemctl stop --no-block ${rollbackTimer}
    return
  fi
  rm -f "$roots"-old "$roots"-profile "$roots"-boot "$roots"-next
  rm -rf "$last"
  mv -T "$dir" "$last" || rm -rf "$dir"
  timeout 20 systemctl stop --no-block ${rollbackTimer}
}

main() {
  await_deadline
  now
  begun=$up exit= tries=0 boot_exit= profile_ok=1 restarted= ended=restored reason=
  [ -n "$cause" ] || cause=deadline
  note "restoring $old ($cause)"
  end_activations
  # Nothing was touched yet, and nothing has changed: there is nothing to restore.
  boot_default
  if [ "$phase" = armed ] && [ "$how" = activate ] && runs /run/current-system "$old" && [ "$boot_system" = "$boot_before" ] &&
    { [ -z "$profile" ] || runs "$system" "$profile"; }; then
    note 'nothing has changed'
    finish
    return
  fi
  restore_profile || { profile_ok=0 ended=failed reason='the profile could not be put back'; }
  restore_boot_default || { ended=failed reason="$reason; the boot loader could not be installed for the old system"; }
  if [ "$how" = reboot ]; then
    [ "$ended" = failed ] || { ended=reboot reason='the old system is brought back by a reboot'; }
  elif activate_old; then
    start_what_ran
  else
    reason="$reason; the old system could not be activated in $tries tries (exit status $exit)"
    if [ "$resort" = reboot ] && [ "$ended" != failed ]; then ended=reboot; else ended=failed; fi
  fi
  note "ended: $ended $reason"
  finish
  [ "$ended" != reboot ] || systemctl reboot
}
main
exit 0
`;

/** What the units of a guard have in common: they outlive emergency mode, which isolates, and a machine short of memory. */
export const unitProperties: readonly string[] = ['DefaultDependencies=no', 'IgnoreOnIsolate=yes'];

/** Starts or arms it. @param timer `--on-active=…` and the like, or nothing: now */
export function runRollback(timer: Script): Script {
  const service = [...unitProperties, 'Type=exec', 'OOMScoreAdjust=-1000', 'TimeoutStopSec=20'];
  return sh`systemd-run --quiet --collect --no-ask-password --unit=${rollbackService.replace('.service', '')} ${timer} \
  --description='nixspec: restores the system that ran before' ${service.map((property) => `--property=${property}`)} \
  -- "$shell" "$dir/rollback"`;
}
