import type { Io, World } from './command.js';
import type { Masker } from './mask/masker.js';

/**
 * Puts a mask before everything that goes out, also from what knows nothing of secrets: errors, stacks, notices of SSH. It
 * lets everything pass until a command has read secrets.
 */
export function guardOutput(world: World): Io {
  let masker: Masker | undefined;
  return {
    ...world,
    out: (text) => world.out(masker?.output(text) ?? text),
    err: (text) => world.err(masker?.text(text) ?? text),
    hide: (text) => masker?.output(text) ?? text,
    conceal: (next) => {
      masker = next;
    },
  };
}
