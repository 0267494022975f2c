import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { NoReading } from './model.js';
import { absentReading, unknownReading } from './resource.js';
import { readSignatureAlgorithm } from './signature-algorithm.js';

/** What can be told of a certificate and of those that were sent with it. Times in epoch seconds. */
export interface CertificateFacts {
  readonly issuer: string | NoReading;
  readonly 'issuer-organization': string | NoReading;
  readonly 'issuer-common-name': string | NoReading;
  readonly 'issuer-chain': readonly string[];
  readonly subject: string;
  readonly names: readonly string[];
  readonly 'not-before': number;
  readonly 'not-after': number;
  readonly remaining: number;
  readonly 'remaining-share': number;
  readonly lifetime: number;
  readonly 'chain-remaining': number;
  readonly 'self-signed': boolean;
  readonly fingerprint: string;
  readonly serial: string;
  readonly 'key-type': string | NoReading;
  readonly 'signature-algorithm': string | NoReading;
  readonly purposes: readonly string[] | NoReading;
}

export type CertificateChain = readonly [X509Certificate, ...X509Certificate[]];

/**
 * @param chain the certificate itself, then its issuers as far as they were sent
 * @param now epoch seconds, by the runner's clock
 */
export function readCertificateFacts(chain: CertificateChain, now: number): CertificateFacts {
  const [certificate] = chain;
  const issuer = namesOfIssuer(certificate);
  const notBefore = readTime(certificate.validFrom);
  const notAfter = readTime(certificate.validTo);
  const lifetime = notAfter - notBefore;
  return {
    issuer:
      issuer.organization ?? issuer.commonName ?? absentReading('its issuer has neither organization nor common name'),
    'issuer-organization': issuer.organization ?? absentReading('its issuer has no organization'),
    'issuer-common-name': issuer.commonName ?? absentReading('its issuer has no common name'),
    'issuer-chain': chain.filter((one, at) => at === 0 || !isSelfSigned(one)).map(showIssuer),
    subject: showDistinguishedName(certificate.subject),
    names: listNames(certificate),
    'not-before': notBefore,
    'not-after': notAfter,
    remaining: notAfter - now,
    'remaining-share': lifetime > 0 ? Math.min(1, Math.max(0, (notAfter - now) / lifetime)) : 0,
    lifetime,
    'chain-remaining': findFirstEnd(chain) - now,
    'self-signed': isSelfSigned(certificate),
    fingerprint: certificate.fingerprint256,
    serial: certificate.serialNumber,
    'key-type': readKeyType(certificate),
    'signature-algorithm':
      readSignatureAlgorithm(certificate.raw) ?? unknownReading('it could not be read from the certificate'),
    purposes: readPurposes(certificate),
  };
}

/** RFC 5280, 4.2.1.12, and the names that OpenSSL has for them. */
const purposes: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'serverAuth'],
  ['1.3.6.1.5.5.7.3.2', 'clientAuth'],
  ['1.3.6.1.5.5.7.3.3', 'codeSigning'],
  ['1.3.6.1.5.5.7.3.4', 'emailProtection'],
  ['1.3.6.1.5.5.7.3.8', 'timeStamping'],
  ['1.3.6.1.5.5.7.3.9', 'OCSPSigning'],
  ['2.5.29.37.0', 'anyExtendedKeyUsage'],
]);

/** What others than the usual are is told by number. */
function readPurposes({ keyUsage }: X509Certificate): readonly string[] | NoReading {
  // Node's types say a list; without the extension there is none.
  const usage: readonly string[] | undefined = keyUsage;
  if (!usage) return absentReading('it is not limited to purposes');
  return usage.map((number) => purposes.get(number) ?? number).sort();
}

/** The peer's certificates as they were sent. A certificate that is its own issuer ends the chain. */
export function listChain(leaf: X509Certificate): CertificateChain {
  const chain: [X509Certificate, ...X509Certificate[]] = [leaf];
  for (let next = leaf.issuerCertificate; next && chain.length < mostCertificates; next = next.issuerCertificate) {
    if (chain.some((earlier) => earlier.fingerprint256 === next?.fingerprint256)) break;
    chain.push(next);
  }
  return chain;
}

/** Of one chain: real ones have four. */
export const mostCertificates = 20;

interface IssuerNames {
  readonly organization: string | undefined;
  readonly commonName: string | undefined;
}

/** The legacy object is the only place where Node gives the parts of a name unescaped. */
function namesOfIssuer(certificate: X509Certificate): IssuerNames {
  const parts = certificate.toLegacyObject().issuer as { readonly [key: string]: unknown } | undefined;
  return { organization: firstPart(parts?.O), commonName: firstPart(parts?.CN) };
}

/** A part that occurs more than once is a list. */
function firstPart(part: unknown): string | undefined {
  const first: unknown = Array.isArray(part) ? part[0] : part;
  return typeof first === 'string' && first !== '' ? first : undefined;
}

function showIssuer(certificate: X509Certificate): string {
  const { commonName, organization } = namesOfIssuer(certificate);
  return commonName ?? organization ?? showDistinguishedName(certificate.issuer);
}

/** Node has one part a line, with RFC 2253 escapes: `C=US\nO=Let's Encrypt\nCN=YE1`. */
function showDistinguishedName(name: string | undefined): string {
  return (name ?? '').split('\n').filter(Boolean).join(', ');
}

/**
 * DNS names (lower case) and addresses among the subject alternative names. Node writes them as `DNS:a, IP Address:::1`,
 * with a name that could be mistaken as a JSON string.
 */
export function listNames(certificate: X509Certificate): readonly string[] {
  const found = (certificate.subjectAltName ?? '').matchAll(/(?:^|, )(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g);
  return [...found].map(([, kind, written = '']) => {
    const name = written.startsWith('"') ? String(JSON.parse(written)) : written;
    return kind === 'DNS' ? name.toLowerCase() : normalizeAddress(name);
  });
}

/** `FD00:213:0:0:0:0:0:10` to `fd00:213::10`. */
function normalizeAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** `Nov 22 10:00:00 2026 GMT`. */
function readTime(text: string): number {
  return Date.parse(text) / 1000;
}

/**
 * The first end on the way up. A root is left out: it is the verifier's own copy that counts, and old roots that are sent
 * along (or cross-signed ones) would raise false alarms.
 */
function findFirstEnd(chain: readonly X509Certificate[]): number {
  let end = Number.POSITIVE_INFINITY;
  for (const [at, certificate] of chain.entries()) {
    const below = chain[at - 1];
    if (below && (!below.checkIssued(certificate) || isSelfSigned(certificate))) break;
    end = Math.min(end, readTime(certificate.validTo));
  }
  return end;
}

/** Signed by its own key. A root and a lone certificate are; one by a private authority is not. */
function isSelfSigned(certificate: X509Certificate): boolean {
  if (!certificate.checkIssued(certificate)) return false;
  try {
    return certificate.verify(certificate.publicKey);
  } catch {
    return false;
  }
}

const curves: { readonly [name: string]: string } = { prime256v1: 'p256', secp384r1: 'p384', secp521r1: 'p521' };

function readKeyType(certificate: X509Certificate): string | NoReading {
  try {
    const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = certificate.publicKey;
    const curve = details?.namedCurve;
    if (type === 'ec') return `ec-${(curve && curves[curve]) ?? curve ?? 'unknown'}`;
    return details?.modulusLength ? `${type}-${details.modulusLength}` : type;
  } catch {
    return unknownReading('its key is of a kind that OpenSSL cannot read');
  }
}
