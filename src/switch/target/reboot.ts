import type { Started, Step } from '../state.js';

/** Reboots a moment later, so that the answer comes through. */
export function reboot(_id: string): Step<Started> {
  throw new Error('not written yet');
}
