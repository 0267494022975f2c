import type { ErrorCode } from '../error.js';

/** What the system's ssh said last, and which failure that is. */
export interface SshFailure {
  readonly code: ErrorCode;
  /** Its words, without the frames and the advice around them. */
  readonly said: string;
  readonly hint?: string;
}

/** In the order in which they are looked for: a changed host key also ends in "Host key verification failed". */
const failures: readonly (readonly [RegExp, ErrorCode])[] = [
  [/HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY|is marked as revoked/, 'host-key-changed'],
  [/Host key verification failed|host key is known for|Certificate invalid/, 'host-key-unknown'],
  [/Could not resolve hostname/, 'name-not-found'],
  [/Connection refused/, 'connection-refused'],
  [/timed out|Timeout, server/, 'connection-timed-out'],
  [/incorrect passphrase|bad permissions|UNPROTECTED PRIVATE KEY|invalid format|error in libcrypto/, 'key-unreadable'],
  [/Permission denied|Too many authentication failures|No more authentication methods/, 'authentication-failed'],
];

const hints: { readonly [code in ErrorCode]?: string } = {
  'host-key-unknown':
    "compare the fingerprint with the machine's own, then add the key to known_hosts (ssh-keyscan, or connect once with ssh); nixspec always verifies host keys",
  'host-key-changed':
    'somebody may be listening in, or the machine was installed anew: only if you are sure of that, remove the old line from known_hosts and add the new key',
  'name-not-found': 'check the name under `ssh:`, your DNS, and `HostName` in ~/.ssh/config',
  'connection-refused':
    'the machine is there, but nothing listens on this port: is sshd running, and is it the right port?',
  'connection-timed-out': 'is the machine up, and does a firewall let you in?',
  'authentication-failed':
    'name the right key by `identity-file`, load it into the agent (ssh-add), or renew the certificate',
  'key-unreadable':
    'load the key into the agent (ssh-add), run nixspec at a terminal, or name another key by `identity-file`',
};

const mostLines = 4;

/** Reads the standard error of `ssh` (in the C locale) that has ended with status 255. */
export function explainSshStderr(stderr: string): SshFailure {
  const code = failures.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'connection-failed';
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^@+$|^@ .* @$|^Warning: Permanently added/.test(line));
  const telling = lines.filter((line) => failures.some(([pattern]) => pattern.test(line)) || /^Offending/.test(line));
  const said = (telling.length > 0 ? telling : lines).slice(-mostLines).join('; ');
  const hint = hints[code];
  return { code, said: said || 'ssh ended without a word', ...(hint !== undefined && { hint }) };
}
