import { isIP } from 'node:net';
import { readPlace } from '../host-port.js';
import type { Asserted } from '../lint-rule.js';
import type { Expectation } from '../model.js';

/** When a certificate is renewed. Seconds. */
export interface Renewal {
  readonly lifetime: number;
  /** What is left of it then. */
  readonly left: number;
}

const day = 86_400;

/** Of Let's Encrypt's `classic` profile, and of most others that speak ACME. */
const usualLifetime = 90 * day;

/** Authorities whose certificates nearly always come by ACME, by organization; and the names of Let's Encrypt's own. */
const authorities = /let's encrypt|\bISRG\b|google trust services|zerossl|buypass|^\(?STAGING\)?/i;

/**
 * By what the spec says of a certificate: an authority that speaks ACME; or nothing of the issuer, and a public name.
 * A file may be anything, such as an authority's own certificate.
 */
export function comesFromAcme(group: readonly Asserted[]): boolean {
  const [first] = group;
  const said = group.filter(({ written: { path } }) => /^(issuer|self-signed)/.test(path[0] ?? ''));
  if (said.length > 0)
    return said.some(({ expectation }) => listTexts(expectation).some((text) => authorities.test(text)));
  const host = first && !first.entry.subject.startsWith('/') && readPlace(first.entry.subject, 443)?.host;
  return typeof host === 'string' && first?.entry.params.ca === undefined && isPublicName(host);
}

/** Names that no public authority issues certificates for (RFC 6761, RFC 6762, RFC 8375, and `internal` of ICANN). */
function isPublicName(host: string): boolean {
  if (isIP(host) !== 0 || !host.includes('.')) return false;
  return !/\.(test|example|invalid|localhost|local|internal|lan|home|corp|onion|home\.arpa)$/i.test(host);
}

/** A third of the lifetime, or half of a short one: lego's `--dynamic`, certbot 4.0. */
export function renewalOf(group: readonly Asserted[]): Renewal {
  const said = group.filter(({ written: { path } }) => path[0] === 'lifetime');
  const most = said.flatMap(({ expectation }) => listMost(expectation));
  const lifetime = most.length > 0 ? Math.min(...most) : usualLifetime;
  return { lifetime, left: lifetime > 10 * day ? lifetime / 3 : lifetime / 2 };
}

function listMost({ matcher, argument }: Expectation): readonly number[] {
  if (matcher === 'and') return (argument as readonly Expectation[]).flatMap(listMost);
  const isBound = matcher === 'equal' || matcher === 'le' || matcher === 'lt';
  return isBound && typeof argument === 'number' && argument > 0 ? [argument] : [];
}

function listTexts({ matcher, argument }: Expectation): readonly string[] {
  if (typeof argument === 'string') return [argument];
  if (matcher === 'not' || !Array.isArray(argument)) return [];
  return (argument as readonly (Expectation | string)[]).flatMap((part) =>
    typeof part === 'string' ? [part] : listTexts(part),
  );
}
