import { isIP } from 'node:net';
import { type Place, readPlace, showPlace } from './host-port.js';

/** Whom to ask for a name, and how. */
export interface NameServer {
  readonly way: 'udp' | 'tcp' | 'tls' | 'https';
  readonly place: Place;
  /** Of the certificate; undefined where none is asked for: see RFC 7858, section 4.1. */
  readonly name?: string;
  /** Of the URL: RFC 8484. */
  readonly path?: string;
}

/**
 * Reads address[:port], `tls://host[:port][#name]` or `https://…`.
 * @returns undefined where it is none of these
 */
export function readNameServer(text: string): NameServer | undefined {
  if (text.startsWith('https://')) return readHttps(text);
  if (!text.startsWith('tls://')) {
    const place = readPlace(text, 53);
    return place && { way: 'udp', place };
  }
  const [address = '', name] = text.slice('tls://'.length).split('#');
  const place = readPlace(address, 853);
  const expected = name ?? (place && !isIP(place.host) ? place.host : undefined);
  return place && { way: 'tls', place, ...(expected !== undefined && { name: expected }) };
}

function readHttps(text: string): NameServer | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { way: 'https', place: { host, port: Number(url.port || 443) }, name: host, path: url.pathname + url.search };
}

export function showNameServer({ way, place }: NameServer): string {
  return way === 'udp' || way === 'tcp' ? showPlace(place) : `${way}://${showPlace(place)}`;
}
