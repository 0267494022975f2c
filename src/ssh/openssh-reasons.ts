import type { SshConfig } from './config.js';
import type { Identities } from './identities.js';
import { findKnownHosts, type HostName, type KnownHost } from './known-hosts.js';

/** What is known of one machine on the way before anything is connected. */
export interface HopFacts {
  readonly config: SshConfig;
  readonly identities: Identities;
  readonly knownHosts: readonly KnownHost[];
}

/**
 * Why this machine can only be reached with the system's ssh, in words that go behind "because"; undefined where ssh2
 * will do. Wrong guesses are cheap on one side only: ssh2 without a certificate fails, while ssh is merely slower.
 */
export function whyOpenssh({ config, identities, knownHosts }: HopFacts): string | undefined {
  const set = (keyword: string) => config.resolved?.get(keyword)?.find((value) => value !== 'none' && value !== '');
  if (set('proxycommand')) return `${config.alias} has a ProxyCommand`;
  if (set('certificatefile')) return `${config.alias} has a CertificateFile`;
  const [certificate] = identities.certificates;
  if (certificate !== undefined) return `there is a certificate to log in with: ${certificate}`;
  const [securityKey] = identities.securityKeys;
  if (securityKey !== undefined) return `there is a key on a security token: ${securityKey}`;
  if (set('pkcs11provider')) return `${config.alias} has a PKCS11Provider`;
  for (const keyword of ['KnownHostsCommand', 'RevokedHostKeys', 'BindInterface']) {
    if (set(keyword.toLowerCase())) return `${config.alias} has ${keyword}`;
  }
  if (/^(no|false)$/.test(set('pubkeyauthentication') ?? 'yes')) return `${config.alias} has PubkeyAuthentication no`;
  const authority = findKnownHosts(knownHosts, hostNameOf(config)).find(({ marker }) => marker === 'cert-authority');
  if (authority) return `${authority.file}:${authority.line} trusts a certificate authority for its host key`;
  return undefined;
}

/** The name under which a machine's host key is looked up. */
export function hostNameOf(config: SshConfig): HostName {
  const { host, port, hostKeyAlias } = config;
  return { name: hostKeyAlias ?? host, port, isAlias: hostKeyAlias !== undefined };
}
