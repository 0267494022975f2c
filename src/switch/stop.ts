import type { Breakage } from '../switch-model.js';

/** Why the new system is not judged any further: thrown by what notices, caught where it is decided. */
export class Stop extends Error {
  constructor(readonly breakage: Breakage) {
    super(breakage.message);
    this.name = 'Stop';
  }
}

/** `id` is the kind: what `--allow-broken` cannot name decides always. */
export function stopFor(kind: Exclude<Breakage['kind'], 'failed' | 'lost'>, message: string): Stop {
  return new Stop({ id: kind, kind, message });
}
