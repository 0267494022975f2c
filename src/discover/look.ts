import type { Observation, Query, Script, ShellOutput, ShellProbe, Value } from '../model.js';
import { known } from '../resource.js';

/** A listing: one shell probe that answers what there is, not what it is like. */
export interface Look<T> {
  readonly probe: ShellProbe;
  /** What was found; what is not there where the target could not tell, with the reason. */
  answer(observations: ReadonlyMap<string, Observation>): T | CouldNotLook;
}

export class CouldNotLook {
  constructor(readonly reason: string) {}
}

interface LookForm<T> {
  /** What is listed, for people: `the units`. */
  readonly what: string;
  readonly script: Script;
  readonly exits: readonly number[];
  /** Pure. @throws Error where the answer is broken */
  read(output: ShellOutput): T;
}

/**
 * Makes a listing that runs in the same program as all other shell probes. What is found is plain data, so that it passes
 * as the one reading of an observation.
 */
export function lookFor<T>({ what, script, exits, read }: LookForm<T>): Look<T> {
  const query: Query = { id: what, resource: 'listing', subject: what, params: {}, wanted: new Set() };
  return {
    probe: {
      kind: 'shell',
      answers: [query],
      script,
      exits,
      limit: 60,
      maxBytes: 8 * 1024 * 1024,
      slots: 'shared',
      parse: (output) => new Map([[query.id, known({ found: read(output) as Value })]]),
    },
    answer: (observations) => {
      const observation = observations.get(query.id);
      if (observation?.status === 'known') return observation.readings.found as T;
      return new CouldNotLook(
        `${what}: ${observation && 'reason' in observation ? observation.reason : 'not answered'}`,
      );
    },
  };
}
