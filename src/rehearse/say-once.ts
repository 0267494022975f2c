import type { VmOptions } from '../vm/boot.js';

/** Of two VMs what is the same is told once. */
export function sayOnce(options: VmOptions): VmOptions {
  const said = new Set<string>();
  return {
    ...options,
    say(text) {
      if (!said.has(text)) options.say(text);
      said.add(text);
    },
  };
}
