// What starting Node takes, without anything to run.

import { expectSuccess, oncePerDelay } from '../contender.mjs';

export default {
  name: '`node -e 0`',
  lacks: () => undefined,
  runs: (at) => (at.delay === 0 ? oncePerDelay(at) : 0),
  prepare: () => ({ words: [process.execPath, '-e', '0'] }),
  verify: expectSuccess,
};
