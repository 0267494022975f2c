import { isIPv6 } from 'node:net';
import type { SshTarget } from '../model.js';

/** Why an address cannot be used, and the way out. */
export interface AddressMistake {
  readonly mistake: string;
  readonly hint?: string;
}

/**
 * What one types after `ssh`: `host`, `user@host`, an alias of the configuration, `ssh://user@host:port`, an IPv6 address
 * with or without brackets. As for ssh(1) the last `@` ends the user.
 */
export function readSshAddress(text: string): SshTarget | AddressMistake {
  if (text.trim() === '') return { mistake: 'there is no host in it' };
  // As in CVE-2017-1000117: what begins with a dash would be an option of ssh(1).
  if (text.startsWith('-')) return { mistake: 'a host does not begin with "-"', hint: optionsHint };
  if (/\s/.test(text)) return { mistake: 'a host has no spaces in it', hint: optionsHint };
  return text.startsWith('ssh://') ? readUri(text) : readPlain(text);
}

const optionsHint =
  'options have keys of their own: ssh: { host: …, user: …, port: …, identity-file: …, known-hosts: …, config: …, jump: … }';

function readPlain(text: string): SshTarget | AddressMistake {
  const at = text.lastIndexOf('@');
  const user = at > 0 ? text.slice(0, at) : undefined;
  const written = text.slice(at + 1);
  const host = written.replace(/^\[(.*)\]$/, '$1');
  if (at === 0) return { mistake: 'the user before "@" is missing' };
  const port = /^([^:]+|\[.*\]):(\d+)$/.exec(written);
  if (port) return { mistake: 'a port cannot stand here', hint: `write ssh://${text}` };
  if (host.includes(':') && !isIPv6(host.replace(/%.*$/, ''))) return { mistake: `${host} is no IPv6 address` };
  return checkHost({ host, ...(user !== undefined && { user }) });
}

function readUri(text: string): SshTarget | AddressMistake {
  const [, user, bracketed, name, port] =
    /^ssh:\/\/(?:([^@/]*)@)?(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d+))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined) return { mistake: 'it is not ssh://user@host:port' };
  if (bracketed !== undefined && !isIPv6(bracketed.replace(/%.*$/, '')))
    return { mistake: `${bracketed} is no IPv6 address` };
  if (port !== undefined && !isPort(Number(port))) return { mistake: 'a port is 1 to 65535' };
  return checkHost({
    host,
    ...(user && { user: decode(user) }),
    ...(port !== undefined && { port: Number(port) }),
  });
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Host and user become words of a command line of ssh(1), which takes what begins with a dash for an option. */
export function checkHost(target: SshTarget): SshTarget | AddressMistake {
  if (target.host === '') return { mistake: 'there is no host in it' };
  if (target.host.startsWith('-')) return { mistake: 'a host does not begin with "-"' };
  if (!/^[^\s\0'"`$\\;&<>|(){}/]+$/.test(target.host)) return { mistake: `${JSON.stringify(target.host)} is no host` };
  if (target.user !== undefined && !/^[^\s\0'"`$;&<>|(){}-][^\s\0'"`$;&<>|(){}]*$/.test(target.user)) {
    return { mistake: `${JSON.stringify(target.user)} is no user` };
  }
  return target;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
