import type { Script } from '../../model.js';
import { joinScripts, sh } from '../../shell/sh.js';
import type { Armed, ArmRequest, Step } from '../state.js';
import { bootDefault } from './boot-loader.js';
import { readGuardFrom } from './guard.js';
import { bootGuard, places, rollbackTimer, tellGuard } from './places.js';
import { rollbackScript, runRollback, unitProperties } from './rollback-script.js';
import { readTold, tell, unkillable } from './told.js';

/**
 * Arms the rollback: all of it or nothing, and nothing else is touched. The folder is the lock against a second switch: one
 * of the two that make it at the same moment succeeds.
 */
export function arm(request: ArmRequest): Step<Armed> {
  return {
    name: 'arm the rollback',
    script: unkillable(sh`${places}
${tell}
${bootDefault}
${tellGuard}
${armScript(request)}`),
    limit: 60,
    parse: (output) => {
      const told = readTold(output);
      const guard = readGuardFrom(told);
      const [status, old] = [told.get('status'), told.get('old')];
      if (status === 'busy' && guard) return { status, guard };
      if (status !== 'armed' || old === undefined)
        return { status: 'failed', reason: told.get('reason') ?? 'it does not say why' };
      const profile = told.get('profile');
      return { status, remaining: told.number('remaining') ?? 0, old, ...(profile !== undefined && { profile }) };
    },
  };
}

function armScript({ id, runner, spec, target, next, seconds, lastResort, restore }: ArmRequest): Script {
  const names = { id, runner, spec, target };
  const keepNames = Object.entries(names).map(([name, value]) => sh`keep ${name} ${oneLine(value)} || fail "$full"`);
  return sh`umask 077
full='a file in /run could not be written'
fail() {
  systemctl stop ${rollbackTimer} 2>/dev/null
  rm -f "$roots"-old "$roots"-profile "$roots"-boot "$roots"-next
  rm -rf "$dir"
  rmdir /run/nixspec 2>/dev/null
  tell status failed
  tell reason "$1"
  tell end 1
  exit 0
}
busy() {
  tell status busy
  tell_guard
  tell end 1
  exit 0
}
refuse() {
  tell status failed
  tell reason "$1"
  tell end 1
  exit 0
}
[ "$(id -u)" = 0 ] || refuse 'this needs root'
[ "$(state_of ${rollbackTimer})" != active ] || busy
# One of another switch waits for its own runner.
waits=$(boot_guard_says id)
[ -z "$waits" ] || [ "$waits" = ${id} ] || busy
case $(state_of ${bootGuard}.service) in active | activating) false ;; esac || refuse 'the machine is on its way back to the old system'
mkdir -p -m 0700 /run/nixspec || refuse "$full"
mkdir -m 0700 "$dir" || { [ ! -d "$dir" ] || busy; rmdir /run/nixspec; refuse "$full"; }
rm -rf "$last"
keep phase arming || fail "$full"
${joinScripts(keepNames)}
read -r boot_id </proc/sys/kernel/random/boot_id
keep boot-id "$boot_id" || fail "$full"
: >"$dir/lock" || fail "$full"

${whatToRestore(restore)}
keep generation "$generation" || fail "$full"
${restore?.boot === undefined ? sh`boot_default` : sh`boot_default; boot_system=${restore.boot}`}
# Values are put into a script by hand below: nothing but what a store path is made of.
for path in "$old" "$profile" "$boot_system"; do
  case $path in
    '' | /nix/store/*) ;;
    *) fail "$path is not in the Nix store" ;;
  esac
  case $path in *[!A-Za-z0-9/._+?=-]*) fail 'a path of the system has odd characters' ;; esac
done
[ -x "$old/bin/switch-to-configuration" ] || fail "$old has no switch-to-configuration"
[ -z "$profile" ] || [ -x "$profile/bin/switch-to-configuration" ] || fail "$profile has no switch-to-configuration"
[ "$boot_system" = "$profile" ] || [ -x "$boot_system/bin/switch-to-configuration" ] || boot_system=

# A root each, by way of the folder.
root() {
  [ -n "$2" ] || return 0
  mkdir -p "$(dirname "$roots")" && ln -s "$2" "$dir/$1" && ln -sfn "$dir/$1" "$roots-$1" || fail "the garbage collector could not be told to spare $2"
}
root old "$old"
root profile "$profile"
root boot "$boot_system"
root next ${next ?? ''}
${next === undefined ? sh`` : sh`[ -x ${next}/bin/switch-to-configuration ] || fail ${`${next} is no NixOS system that is whole on the target`}`}

systemctl list-units --type=service,socket,timer,path --state=active --plain --no-legend --no-pager --full |
  cut -d ' ' -f 1 | grep -v -e '^nixspec-' -e '^user@' -e '^user-runtime-dir@' >"$dir/units"
shell=$(readlink -f /bin/sh)
tools=$old/sw/bin:/run/current-system/sw/bin:/run/booted-system/sw/bin:/usr/sbin:/usr/bin:/sbin:/bin
{
  printf "PATH='%s' old='%s' profile='%s' generation='%s' boot_before='%s' resort='%s' how='%s' id='%s'\n" \
    "$tools" "$old" "$profile" "$generation" "$boot_system" ${lastResort} "$how" ${id}
  printf %s ${rollbackScript.raw}
} >"$dir/rollback" || fail "$full"
"$shell" -n "$dir/rollback" || fail 'the script that restores could not be written whole'
now
keep until $((up + ${seconds})) || fail "$full"
said=$(${runRollback(sh`--on-active=${seconds} --timer-property=AccuracySec=1s ${unitProperties.map((one) => `--timer-property=${one}`)}`)} 2>&1) ||
  fail "systemd does not take the timer: $said"
[ "$(systemctl show ${rollbackTimer} --property=SubState --value)" = waiting ] || fail 'the timer does not wait'
keep phase ${restore ? sh`"$phase"` : 'armed'} || fail "$full"
${restore ? takeOver : sh``}
tell status armed
tell remaining ${seconds}
tell old "$old"
tell profile "$profile"
tell end 1
exit 0`;
}

/**
 * The unit of the guard of the boot stays for the case that the machine is rebooted by somebody else: it puts back the profile
 * then.
 */
const takeOver: Script = sh`systemctl stop ${bootGuard}.timer 2>/dev/null
case $(state_of ${bootGuard}.service) in active | activating) fail 'the machine is on its way back to the old system' ;; esac
forget_once >/dev/null 2>&1`;

/** What runs now; after a reboot, what ran before it. */
function whatToRestore(restore: ArmRequest['restore']): Script {
  if (restore) {
    const { current, profile, generation } = restore;
    return sh`old=${current} profile=${profile ?? ''} generation=${generation === undefined ? '' : String(generation)}
how=activate phase=unknown
[ "$(readlink -f /run/booted-system)" = "$old" ] || how=reboot phase=activated`;
  }
  return sh`old=$(readlink -f /run/current-system) profile= generation= how=activate
[ ! -e "$system" ] || profile=$(readlink -f "$system")
generation=$(readlink "$system" | sed -n 's/^system-\([0-9][0-9]*\)-link$/\1/p')`;
}

/** Names that people chose: files of one line each hold them. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be taken out
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 500);
}
