import type { Script } from '../../model.js';
import { sh } from '../../shell/sh.js';
import { bootGuard, bootGuardFolder } from './places.js';

/**
 * The new system, once booted, must be armed over a connection within so many seconds, or it reboots, which brings the old one. What
 * it cannot help against: a kernel or initrd that never gets as far as systemd. It puts back the profile, and removes
 * itself. Roots that lie in /run would not keep the garbage collector from the old system in that time.
 */
export function guardBoot(seconds: number): Script {
  const [folder, name] = [bootGuardFolder, bootGuard];
  return sh`guard_boot() {
  for root in old profile boot; do
    [ ! -e "$dir/$root" ] || ln -sfn "$(readlink "$dir/$root")" "$roots-$root" || return
  done
  mkdir -p ${folder}/sysinit.target.wants &&
    printf '%s\n' '[Unit]' 'Description=nixspec: reboots into the old system' DefaultDependencies=no IgnoreOnIsolate=yes \
      '[Timer]' OnActiveSec=${seconds} AccuracySec=1s >${folder}/${name}.timer &&
    printf '%s\n' '[Unit]' 'Description=nixspec: reboots into the old system' DefaultDependencies=no IgnoreOnIsolate=yes \
      '[Service]' Type=oneshot "ExecStart=/bin/sh ${folder}/${name}.sh" >${folder}/${name}.service &&
    printf '%s\n' "PATH=$PATH" "new=$next" "profile=$(readlink "$dir/profile")" "generation=$(recall generation; printf %s "$recalled")" "system=$system" "roots=$roots" >${folder}/${name}.sh &&
    { for one in id runner spec target boot-id generation; do recall $one; printf '%s\n' "$one=$recalled"; done
      for one in old profile boot next; do printf '%s\n' "$one=$(readlink "$dir/$one")"; done
      printf '%s\n' seconds=${seconds}; } >${folder}/${name}.state && chmod 600 ${folder}/${name}.state &&
    printf '%s' ${bootGuardScript.raw} >>${folder}/${name}.sh &&
    ln -sfn ../${name}.timer ${folder}/sysinit.target.wants/${name}.timer &&
    sync ${folder} ${folder}/sysinit.target.wants ${folder}/${name}.timer ${folder}/${name}.service ${folder}/${name}.sh ${folder}/${name}.state
}`;
}

const bootGuardScript: Script = sh`export PATH
if [ -n "$profile" ] && [ "$(readlink -f "$system")" != "$profile" ]; then
  if [ -n "$generation" ] && [ "$(readlink -f "$system-$generation-link")" = "$profile" ]; then
    ln -sfn "system-$generation-link" "$system.nixspec" && mv -fT "$system.nixspec" "$system"
  else
    nix-env -p "$system" --set "$profile"
  fi
fi
rm -f "$roots"-old "$roots"-profile "$roots"-boot "$roots"-next
[ ! -e /boot/grub/grubenv ] || grub-editenv /boot/grub/grubenv unset next_entry
rm -f ${bootGuardFolder}/${bootGuard}.* ${bootGuardFolder}/sysinit.target.wants/${bootGuard}.timer
rmdir ${bootGuardFolder}/sysinit.target.wants ${bootGuardFolder}
if [ "$(readlink -f /run/booted-system)" = "$new" ]; then
  systemctl reboot
else
  systemctl stop ${bootGuard}.timer
  systemctl daemon-reload
fi
`;
