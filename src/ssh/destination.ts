import { isIPv6 } from 'node:net';

/** What one may write in `ProxyJump`, or after `ssh`: `user@host:port`, `ssh://user@host:port`. */
export interface Destination {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** Reads one destination; undefined where it is none. */
export function parseDestination(written: string): Destination | undefined {
  const bare = written.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const at = bare.lastIndexOf('@');
  const user = at > 0 ? bare.slice(0, at) : undefined;
  const place = /^(?:\[([^\]]+)\]|([^:]+)|([0-9a-fA-F:]+:[0-9a-fA-F:.]+))(?::(\d{1,5}))?$/.exec(bare.slice(at + 1));
  const host = place?.[1] ?? place?.[2] ?? place?.[3];
  const port = place?.[4] === undefined ? undefined : Number(place[4]);
  // A host that looks like an option would become one on ssh's command line.
  if (host === undefined || host.startsWith('-') || user?.startsWith('-')) return undefined;
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { host, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
}

/** `host:22`, `[::1]:22`. */
export function showHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
