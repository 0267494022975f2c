import type { Script } from '../../model.js';
import { sh } from '../../shell/sh.js';

/**
 * Where a switch keeps what it must know on the target, and how its parts are called. A tmpfs: a reboot removes it, and a
 * reboot is a rollback, as the boot default is still the old system.
 */
export const folder = '/run/nixspec/switch';
/** What a rollback leaves of it for the runner to read: its result and its log. */
export const lastFolder = '/run/nixspec/last';

export const rollbackTimer = 'nixspec-rollback.timer';
export const rollbackService = 'nixspec-rollback.service';
export const jobService = 'nixspec-activate.service';

/**
 * Outlives a reboot into the new system, where /run is new: systemd's own folder for what is set at run time and stays, which
 * NixOS's activation leaves alone. NixOS's /etc/systemd/system is read-only.
 */
export const bootGuardFolder = '/etc/systemd/system.control';
export const bootGuard = 'nixspec-boot-guard';

export const profileLink = '/nix/var/nix/profiles/system';
export const activationLock = '/run/nixos/switch-to-configuration.lock';

/**
 * Names that scripts use for them, and the small functions that all of them need. While a switch is under way, tools are taken
 * from the old system. The garbage collector's roots are
 * indirect, by way of the folder: Nix itself drops them where a reboot has taken the folder away.
 */
export const places: Script = sh`dir=${folder} last=${lastFolder} lock=${activationLock} system=${profileLink}
roots=/nix/var/nix/gcroots/auto/nixspec-switch
[ ! -d "$dir/old/sw/bin" ] || PATH=$dir/old/sw/bin:$PATH
keep() { printf '%s\n' "$2" >"$dir/$1.new" && mv -f "$dir/$1.new" "$dir/$1"; }
recall() { recalled=; [ ! -r "$dir/$1" ] || read -r recalled <"$dir/$1" || :; }
now() { IFS=. read -r up _ </proc/uptime; }
forget_boot_guard() {
  [ -e ${bootGuardFolder} ] || return 0
  systemctl stop ${bootGuard}.timer 2>/dev/null
  rm -f ${bootGuardFolder}/${bootGuard}.* ${bootGuardFolder}/sysinit.target.wants/${bootGuard}.timer
  rmdir ${bootGuardFolder}/sysinit.target.wants ${bootGuardFolder} 2>/dev/null
  # After a reboot it stays known, as sysinit.target wants it.
  [ "$(systemctl show ${bootGuard}.timer --property=FragmentPath --value)" = '' ] || systemctl daemon-reload
}
boot_guard_says() { [ ! -r ${bootGuardFolder}/${bootGuard}.state ] || sed -n "s/^$1=//p" ${bootGuardFolder}/${bootGuard}.state | head -n 1; }
state_of() {
  # While systemd executes itself again, as an upgrade of it does, it answers nobody for a moment.
  for _ in 1 2 3 4 5; do
    state=$(systemctl show "$1" --property=ActiveState --value 2>/dev/null)
    [ -z "$state" ] || break
    sleep 1
  done
  printf '%s\n' "$state"
}`;

/** Tells what is armed, or waits to be armed again after a reboot; nothing where nothing is. */
export const tellGuard: Script = sh`tell_guard() {
  timer=$(state_of ${rollbackTimer}) service=$(state_of ${rollbackService})
  if [ -d "$dir" ] || [ "$timer" = active ] || [ "$service" = active ]; then
    for name in id phase runner spec target until boot-id generation; do recall $name; tell "guard-$name" "$recalled"; done
    for name in old profile boot next; do tell "guard-$name" "$(readlink "$dir/$name")"; done
  elif [ -e ${bootGuardFolder}/${bootGuard}.timer ]; then
    timer=$(state_of ${bootGuard}.timer) service=$(state_of ${bootGuard}.service)
    for name in id runner spec target boot-id generation old profile boot next; do tell "guard-$name" "$(boot_guard_says $name)"; done
    case $service in active | activating) tell guard-phase rolling-back ;; *) tell guard-phase booted ;; esac
    began=$(systemctl show ${bootGuard}.timer --property=ActiveEnterTimestampMonotonic --value)
    seconds=$(boot_guard_says seconds)
    [ -z "$began" ] || [ -z "$seconds" ] || tell guard-until $((began / 1000000 + seconds))
  else
    return 0
  fi
  tell guard 1
  now
  tell guard-up "$up"
  tell guard-timer "$timer"
  tell guard-service "$service"
}`;
