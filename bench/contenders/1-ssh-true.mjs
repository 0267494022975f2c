// The least that any tool over OpenSSH can take.

import { expectSuccess, host, oncePerDelay } from '../contender.mjs';

export default {
  name: '`ssh host true`',
  lacks: () => undefined,
  runs: oncePerDelay,
  prepare: ({ sshConfig }) => ({ words: ['ssh', '-F', sshConfig, host, 'true'] }),
  verify: expectSuccess,
};
