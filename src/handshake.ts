import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { BadAnswer } from './conversation.js';

/** What a TLS connection is made with. Verification never breaks it off: a bad certificate must still be described. */
export interface HandshakeOptions {
  /** Name or address that the certificate must be for. */
  readonly name: string;
  readonly alpn?: readonly string[];
  /** PEM text, or the path of a PEM file on the runner: trusted beside the usual authorities. */
  readonly ca?: string;
  /** The certificate does not matter, so that nothing is tried twice for its sake. */
  readonly insecure?: boolean;
}

export interface Handshake {
  readonly socket: TLSSocket;
  /** What the server showed. Taken here, once: Node 20 gives it to the first who asks and nothing to the second. */
  readonly certificate: X509Certificate;
  /** Why the certificate is not to be trusted, as one of a few phrases; empty where it is. */
  readonly distrust: string;
}

/** Certificate authorities, loaded once for all conversations that share it. */
export class TrustStore {
  private plain: SecureContext | undefined;
  private readonly wider = new Map<string, Promise<SecureContext>>();

  /** Node's own authorities (with NODE_EXTRA_CA_CERTS): half a millisecond. */
  narrow(): SecureContext {
    this.plain ??= createSecureContext();
    return this.plain;
  }

  /** Also those of this machine and of a spec: some 30 ms, so that it is only made where it is needed. */
  wide(ca = ''): Promise<SecureContext> {
    const made = this.wider.get(ca) ?? makeWideContext(ca);
    this.wider.set(ca, made);
    return made;
  }
}

/** Where distributions keep the authorities of the machine, and how NixOS and OpenSSL are told about others. */
function findBundle(): string | undefined {
  const named = [process.env.NIX_SSL_CERT_FILE, process.env.SSL_CERT_FILE];
  const usual = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];
  return [...named, ...usual].find((path) => path !== undefined && path !== '' && existsSync(path));
}

async function makeWideContext(ca: string): Promise<SecureContext> {
  const files = [findBundle(), process.env.NODE_EXTRA_CA_CERTS].filter((path) => path !== undefined && path !== '');
  const machine = await Promise.all(files.map((path) => readFile(path ?? '', 'utf8').catch(() => '')));
  const all = [...rootCertificates, ...machine.flatMap((pem) => pem.match(pemBlock) ?? [])];
  // Most are in both, with lines of other lengths; each costs 0.2 ms.
  const authorities = [...new Map(all.map((pem) => [pem.replace(/\s/g, ''), pem])).values()];
  return createSecureContext({ ca: ca === '' ? authorities : [...authorities, await readAuthority(ca)] });
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

async function readAuthority(ca: string): Promise<string> {
  const pem = ca.includes('-----BEGIN') ? ca : await readFile(ca, 'utf8').catch((cause: Error) => cause);
  if (pem instanceof Error) throw new Error(`the authority (\`ca\`) cannot be read: ${pem.message}`, { cause: pem });
  try {
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new Error('the authority (`ca`) holds no certificate in PEM form', { cause });
  }
}

/**
 * Opens TLS over a stream. An issuer that is unknown to Node may be known to the machine: then it is tried once more over
 * a second stream, as Node cannot verify a chain apart from a handshake.
 * @param open gives a stream that is ready for the first byte of TLS
 * @throws BadAnswer where there is no TLS
 */
export async function shakeHands(
  open: () => Promise<Duplex>,
  options: HandshakeOptions,
  trust: TrustStore,
  signal: AbortSignal,
): Promise<Handshake> {
  const once = async (context: SecureContext) => shakeHandsOnce(await open(), options, context, signal);
  if (options.insecure) return once(trust.narrow());
  if (options.ca !== undefined) return once(await trust.wide(options.ca));
  const first = await once(trust.narrow());
  if (first.distrust !== unknownIssuer || !findBundle()) return first;
  first.socket.destroy();
  return once(await trust.wide());
}

async function shakeHandsOnce(
  stream: Duplex,
  { name, alpn }: HandshakeOptions,
  secureContext: SecureContext,
  signal: AbortSignal,
): Promise<Handshake> {
  const socket = connect({
    socket: stream,
    secureContext,
    // RFC 6066, section 3: an address is no server name.
    servername: isIP(name) ? '' : name,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(alpn && { ALPNProtocols: [...alpn] }),
  });
  try {
    await once(socket, 'secureConnect', { signal });
  } catch (error) {
    socket.destroy();
    stream.destroy();
    throw explainNoTls(error);
  }
  socket.on('error', () => {});
  const certificate = socket.getPeerX509Certificate();
  if (certificate) return { socket, certificate, distrust: findDistrust(socket, certificate, name) };
  socket.destroy();
  throw new BadAnswer('the server shows no certificate');
}

const unknownIssuer = 'unknown issuer';

/** Phrases for X509_verify_cert_error_string(3), so that a spec may name them. */
const phrases: { readonly [code: string]: string } = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not yet valid',
  CERT_REVOKED: 'revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: unknownIssuer,
  UNABLE_TO_GET_ISSUER_CERT: unknownIssuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownIssuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownIssuer,
};

/** For the reference. */
export const distrustPhrases = ['self-signed', unknownIssuer, 'expired', 'not yet valid', 'wrong name', 'revoked'];

function findDistrust(socket: TLSSocket, certificate: X509Certificate, name: string): string {
  if (socket.authorizationError) {
    // Node's types say Error; it is the code.
    const code = String(socket.authorizationError);
    return phrases[code] ?? code.toLowerCase().replaceAll('_', ' ');
  }
  return isFor(certificate, name) ? '' : 'wrong name';
}

/** RFC 6125: only the subject alternative names count, the common name does not. */
export function isFor(certificate: X509Certificate, name: string): boolean {
  if (isIP(name)) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { subject: 'never' }) !== undefined;
}

/** OpenSSL's reasons, of which some are the far end's (an alert) and some its lack of TLS. */
function explainNoTls(error: unknown): unknown {
  const { code = '', reason = '' } = error as { code?: string; reason?: string };
  if (!/^ERR_SSL_|^EPROTO$/.test(code)) return error;
  const said =
    reason ||
    code
      .replace(/^ERR_SSL_/, '')
      .replaceAll('_', ' ')
      .toLowerCase();
  if (/wrong version number|packet length too long|unexpected message|http request/i.test(said)) {
    return new BadAnswer(`there is no TLS there (${said})`);
  }
  return new BadAnswer(`the TLS handshake failed: ${said}`);
}
