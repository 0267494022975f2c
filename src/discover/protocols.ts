/** What is spoken at a port, where it is known beforehand: there nothing else is tried. */
export type Speech =
  /** TLS after a greeting in the protocol's own words. */
  | { readonly starttls: 'smtp' | 'imap' | 'pop3' | 'postgres' | 'ldap' | 'xmpp' }
  /** TLS from the start, and in it something that is not HTTP. */
  | 'tls'
  /** Neither TLS nor HTTP: a stranger's words would only fill its log. */
  | 'other'
  /** Not known: TLS and HTTP are tried. */
  | 'unknown';

const byPort: ReadonlyMap<number, Speech> = new Map<number, Speech>([
  ...[25, 587].map((port): [number, Speech] => [port, { starttls: 'smtp' }]),
  [110, { starttls: 'pop3' }],
  [143, { starttls: 'imap' }],
  [389, { starttls: 'ldap' }],
  [5432, { starttls: 'postgres' }],
  [5222, { starttls: 'xmpp' }],
  ...[465, 636, 853, 993, 995, 4190, 5223, 5671, 6697, 8883].map((port): [number, Speech] => [port, 'tls']),
  // ssh, telnet, dns, portmapper, smb, rsync, mysql, redis, memcached, nfs, jetdirect printers.
  ...[22, 23, 53, 111, 139, 445, 515, 873, 2049, 3306, 6379, 9418, 11_211, 27_017].map((port): [number, Speech] => [
    port,
    'other',
  ]),
]);

/** Programs that speak the same wherever they listen; names as the kernel has them. */
const byProgram: readonly (readonly [RegExp, Speech])[] = [
  [/^\.?(sshd?\b|sshd-|dropbear|systemd)/, 'other'],
  [/^\.?postgres/, { starttls: 'postgres' }],
  [/^\.?(master|smtpd|exim4?|maddy)$/, { starttls: 'smtp' }],
  [
    /^\.?(mysqld?\b|mariadbd?\b|redis|valkey|memcached|mongod|rpcbind|rpc\.|smbd|nmbd|named|dnsmasq|lpd|rsync|nfsd|chronyd)/,
    'other',
  ],
];

/** @param programs names of the processes that listen; of their units, where processes may not be seen */
export function speechOf(port: number, programs: readonly string[]): Speech {
  const known = byPort.get(port);
  if (known !== undefined) return known;
  return byProgram.find(([pattern]) => programs.some((program) => pattern.test(program)))?.[1] ?? 'unknown';
}
