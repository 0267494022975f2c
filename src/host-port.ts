import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Where a service is: a name or an address without brackets, and a port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `host`, `[2001:db8::1]:port` or a bare IPv6 address; names with other letters become punycode.
 * @returns undefined where it is none of these, or has no port and there is no default
 */
export function readPlace(text: string, defaultPort?: number): Place | undefined {
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = isIP(text) === 6 ? text : (bracketed ?? domainToASCII(name ?? ''));
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === '' || port === undefined || port < 1 || port > 65_535) return undefined;
  return bracketed === undefined || isIP(bracketed) === 6 ? { host, port } : undefined;
}

export function showPlace({ host, port }: Place): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
