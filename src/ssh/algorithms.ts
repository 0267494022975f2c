import type { SshConfig } from './config.js';

/**
 * What is offered to a server, the fast ones first. The choice of group (gex) costs more than a second in pure
 * JavaScript, so that it comes last; those with SHA-1 are only offered to who asks for them in ssh's configuration.
 */
const offered = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group-exchange-sha256',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha1',
  ],
} as const;

const onRequest = {
  kex: ['diffie-hellman-group14-sha1', 'diffie-hellman-group-exchange-sha1', 'diffie-hellman-group1-sha1'],
  serverHostKey: ['ssh-rsa', 'ssh-dss'],
  cipher: ['aes128-cbc', 'aes192-cbc', 'aes256-cbc', '3des-cbc'],
  hmac: ['hmac-sha1-96'],
} as const;

const keywords = {
  kex: 'kexalgorithms',
  serverHostKey: 'hostkeyalgorithms',
  cipher: 'ciphers',
  hmac: 'macs',
} as const;

export type AlgorithmKind = keyof typeof offered;
export type Algorithms = { readonly [kind in AlgorithmKind]: readonly string[] };

/** The algorithms that ssh2 has and ssh's configuration allows; a list may be empty, and then ssh2 is no use. */
export function chooseAlgorithms(config: SshConfig): Algorithms {
  return {
    kex: allow(config, 'kex'),
    serverHostKey: allow(config, 'serverHostKey'),
    cipher: allow(config, 'cipher'),
    hmac: allow(config, 'hmac'),
  };
}

function allow(config: SshConfig, kind: AlgorithmKind): readonly string[] {
  const listed = config.resolved?.get(keywords[kind])?.[0]?.split(',');
  return listed ? [...offered[kind], ...onRequest[kind]].filter((name) => listed.includes(name)) : offered[kind];
}
