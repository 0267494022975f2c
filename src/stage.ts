import type { Run } from './model.js';

/**
 * What a run is called by: its target and, where a rehearsal made it, the stage: `vm+before`. No target can be named so,
 * which keeps the runs of a rehearsal apart from those of `verify`: they are nobody's baseline unless they are asked for.
 */
export function nameOfRun({ target, stage }: Pick<Run, 'target' | 'stage'>): string {
  return stage === undefined ? target : `${target}+${stage}`;
}
