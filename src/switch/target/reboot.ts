import { sh } from '../../shell/sh.js';
import type { Started, Step } from '../state.js';
import { takeLock } from './guard.js';
import { startStep } from './job.js';
import { places } from './places.js';
import { tell } from './told.js';

/** Seconds that the machine may take to shut down; one that hangs in it restores the old system then. */
const shutdownLimit = 900;

/**
 * Reboots a moment later, so that the answer comes through. The guard goes with `/run`; until then it must not restore what
 * is about to go, half way. Asked twice, it reboots once.
 */
export function reboot(id: string): Step<Started> {
  return startStep(
    'reboot',
    sh`${places}
${tell}
${takeLock(id)}
if [ "$phase" = preparing ]; then
  now
  keep until $((up + ${shutdownLimit})) && keep phase rebooting || too_late 'a file in /run could not be written'
fi
[ "$(state_of nixspec-reboot.timer)$(state_of nixspec-reboot.service)" = inactiveinactive ] || { tell status started; tell end 1; exit 0; }
said=$(systemd-run --quiet --collect --no-ask-password --unit=nixspec-reboot --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot 2>&1) ||
  too_late "systemd does not take the timer: $said"
tell status started
tell end 1`,
  );
}
