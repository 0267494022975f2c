import type { Job, Progress, Started, Step } from '../state.js';

/** Starts it as a unit of the target, so that it runs on whatever becomes of the connection. */
export function startJob(_id: string, _job: Job, _next: string): Step<Started> {
  throw new Error('not written yet');
}

export function followJob(_id: string): Step<Progress> {
  throw new Error('not written yet');
}

/** Says to the guard that a deployer of the user's begins, which may change profile and boot loader. */
export function enterCommand(_id: string): Step<Started> {
  throw new Error('not written yet');
}

/** After a deployer: what it made current is the new system, kept from the garbage collector. */
export function adoptNext(_id: string, _next: string): Step<Started> {
  throw new Error('not written yet');
}
