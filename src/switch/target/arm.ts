import type { Armed, ArmRequest, Step } from '../state.js';

/** Arms the rollback: all of it or nothing. */
export function arm(_request: ArmRequest): Step<Armed> {
  throw new Error('not written yet');
}
