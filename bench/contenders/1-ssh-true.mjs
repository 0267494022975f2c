// The least that any tool over OpenSSH can take.

import { expectSuccess, oncePerDelay } from '../contender.mjs';
import { host } from '../ssh-config.mjs';

export default {
  name: '`ssh host true`',
  lacks: () => undefined,
  runs: oncePerDelay,
  prepare: ({ sshConfig }) => ({ words: ['ssh', '-F', sshConfig, host, 'true'] }),
  verify: expectSuccess,
};
