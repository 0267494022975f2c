import { sh } from '../../shell/sh.js';
import type { Started, Step } from '../state.js';
import { takeLock } from './guard.js';
import { startStep } from './job.js';
import { places } from './places.js';
import { tell } from './told.js';

/** Reboots a moment later, so that the answer comes through. The guard goes with `/run`. */
export function reboot(id: string): Step<Started> {
  return startStep(
    'reboot',
    sh`${places}
${tell}
${takeLock(id)}
said=$(systemd-run --quiet --collect --no-ask-password --unit=nixspec-reboot --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot 2>&1) ||
  too_late "systemd does not take the timer: $said"
tell status started
tell end 1`,
  );
}
