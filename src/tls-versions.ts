import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createSecureContext, type SecureVersion } from 'node:tls';
import type { NoReading } from './model.js';
import { unknownReading } from './resource.js';

/** All that a server of today could still speak; nobody offers SSL any more, nor could Node ask for it. */
const versions: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** For the reference. */
export const tlsVersions: readonly string[] = versions;

/**
 * The versions of TLS that a server takes, by one handshake for each. Only for servers that have just spoken TLS: one that
 * closes the connection instead of saying why then refuses the version, too.
 * @param open gives a stream that is ready for the first byte of TLS
 * @param name for SNI
 */
export async function listTlsVersions(
  open: () => Promise<Duplex>,
  name: string,
  signal: AbortSignal,
): Promise<readonly string[] | NoReading> {
  const verdicts = await Promise.all(versions.map(async (version) => tryVersion(await open(), version, name, signal)));
  const doubt = verdicts.find((verdict) => typeof verdict !== 'boolean');
  if (typeof doubt === 'object') return doubt;
  return versions.filter((_, at) => verdicts[at] === true);
}

async function tryVersion(
  stream: Duplex,
  version: SecureVersion,
  name: string,
  signal: AbortSignal,
): Promise<boolean | NoReading> {
  // Old versions need what OpenSSL finds too weak by itself: the server is to say no, not this machine.
  const secureContext = createSecureContext({
    minVersion: version,
    maxVersion: version,
    ...(version !== 'TLSv1.3' && { ciphers: 'ALL:@SECLEVEL=0' }),
  });
  const servername = isIP(name) ? '' : name;
  const socket = connect({ socket: stream, secureContext, servername, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal });
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    return explainRefusal(version, error);
  } finally {
    socket.on('error', () => {});
    socket.destroy();
    stream.destroy();
  }
}

/** An alert, an answer in another version, a connection that is closed: no. What Node itself lacks says nothing. */
function explainRefusal(version: string, error: unknown): false | NoReading {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const isLack = /NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|NO_SUITABLE/.test(code);
  const isRefusal = /^ERR_SSL_|^(ECONNRESET|EPIPE|EPROTO|ERR_STREAM_PREMATURE_CLOSE)$/.test(code);
  if (isRefusal && !isLack) return false;
  return unknownReading(`${version} could not be tried: ${message}`);
}
