import t from 'tap';
import { explainSshStderr } from '../../src/ssh/ssh-stderr.js';

/** Recorded from OpenSSH 9.2. */
const cases: readonly (readonly [string, string, string])[] = [
  [
    'name-not-found',
    'ssh: Could not resolve hostname nope.invalid: Name or service not known\r\n',
    'ssh: Could not resolve hostname nope.invalid: Name or service not known',
  ],
  [
    'connection-refused',
    'ssh: connect to host 127.0.0.1 port 1: Connection refused\r\n',
    'ssh: connect to host 127.0.0.1 port 1: Connection refused',
  ],
  [
    'connection-timed-out',
    'ssh: connect to host 10.9.9.9 port 22: Connection timed out\r\n',
    'ssh: connect to host 10.9.9.9 port 22: Connection timed out',
  ],
  [
    'connection-timed-out',
    'Connection timed out during banner exchange\r\n',
    'Connection timed out during banner exchange',
  ],
  ['connection-timed-out', 'Timeout, server web not responding.\r\n', 'Timeout, server web not responding.'],
  [
    'host-key-unknown',
    'No ED25519 host key is known for 10.0.0.1 and you have requested strict checking.\r\nHost key verification failed.\r\n',
    'No ED25519 host key is known for 10.0.0.1 and you have requested strict checking.; Host key verification failed.',
  ],
  [
    'host-key-changed',
    `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Offending ED25519 key in /root/.ssh/known_hosts:3
Host key for 10.0.0.1 has changed and you have requested strict checking.
Host key verification failed.
`,
    'Offending ED25519 key in /root/.ssh/known_hosts:3; Host key verification failed.',
  ],
  [
    'authentication-failed',
    'A banner of the server.\nroot@10.0.0.1: Permission denied (publickey,password).\r\n',
    'root@10.0.0.1: Permission denied (publickey,password).',
  ],
  [
    'authentication-failed',
    'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.1 port 22\r\n',
    'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures',
  ],
  [
    'key-unreadable',
    'Load key "/root/.ssh/id": error in libcrypto\r\nroot@10.0.0.1: Permission denied (publickey).\r\n',
    'Load key "/root/.ssh/id": error in libcrypto; root@10.0.0.1: Permission denied (publickey).',
  ],
  ['connection-failed', 'Connection closed by 10.0.0.1 port 22\r\n', 'Connection closed by 10.0.0.1 port 22'],
  ['connection-failed', '', 'ssh ended without a word'],
];

t.test('the last words of ssh', async (t) => {
  for (const [code, stderr, said] of cases) {
    const failure = explainSshStderr(stderr);
    t.equal(failure.code, code, said);
    t.equal(failure.said, said);
  }
});
