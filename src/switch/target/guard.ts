import type { Disarmed, Extended, Guard, Step } from '../state.js';

/** The rollback comes so many seconds from now, and not before. */
export function extend(_id: string, _seconds: number): Step<Extended> {
  throw new Error('not written yet');
}

/** Removes the guard, all of it; also what a crash, a reboot or a rollback left of it. */
export function disarm(_id: string): Step<Disarmed> {
  throw new Error('not written yet');
}

/** What is armed. `absent`: nothing. */
export function readGuard(): Step<Guard | 'absent'> {
  throw new Error('not written yet');
}
