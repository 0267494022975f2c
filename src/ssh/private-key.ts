import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { typeOfKey } from './public-key.js';
import { WireReader, writeString, writeUint32 } from './wire.js';

/** What can be told of a key file without its passphrase. */
export interface KeyFile {
  readonly kind: 'private' | 'public';
  readonly text: string;
  readonly encrypted: boolean;
  /** The public key, as it goes over the wire; undefined where the file does not show it. */
  readonly publicKey?: Buffer;
}

/** Looks at a key file; undefined where it is none that is known here. */
export function inspectKeyFile(text: string): KeyFile | undefined {
  const publicKey = readPublicKey(text);
  if (publicKey) return { kind: 'public', text, encrypted: false, publicKey };
  if (text.includes('-----BEGIN OPENSSH PRIVATE KEY-----')) return inspectOpenssh(text);
  if (/-----BEGIN ((RSA|EC|DSA|ENCRYPTED) )?PRIVATE KEY-----/.test(text)) {
    return { kind: 'private', text, encrypted: /BEGIN ENCRYPTED|^Proc-Type: .*ENCRYPTED/m.test(text) };
  }
  return undefined;
}

/** One line of a `.pub` file: type, base64, comment. */
export function readPublicKey(text: string): Buffer | undefined {
  const [, type, base64] = /^\s*((?:ssh|ecdsa|sk)-[\w@.-]+)[ \t]+([A-Za-z0-9+/=]+)/.exec(text) ?? [];
  if (type === undefined || base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  return typeOfKey(key) === type ? key : undefined;
}

/** The public half stands in front of the private one, and is never encrypted (OpenSSH, PROTOCOL.key). */
function inspectOpenssh(text: string): KeyFile | undefined {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1] ?? '';
  const bytes = Buffer.from(base64, 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic) return undefined;
  try {
    const reader = new WireReader(bytes.subarray(magic.length));
    const cipher = reader.readText();
    reader.readString();
    reader.readString();
    if (reader.readUint32() !== 1) return undefined;
    return { kind: 'private', text, encrypted: cipher !== 'none', publicKey: Buffer.from(reader.readString()) };
  } catch {
    return undefined;
  }
}

/**
 * PKCS#8 as a form that ssh2 reads (it knows OpenSSH's own, PKCS#1 and SEC1); any other text as it is.
 *
 * @throws Error of node:crypto where the passphrase is wrong or the key is broken
 */
export function convertPkcs8(text: string, passphrase?: string): string {
  if (!/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) return text;
  const key = createPrivateKey({ key: text, format: 'pem', ...(passphrase !== undefined && { passphrase }) });
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString();
  if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString();
  if (key.asymmetricKeyType === 'ed25519') return writeOpensshEd25519(key.export({ format: 'jwk' }));
  throw new Error(`a key of type ${key.asymmetricKeyType ?? 'unknown'} cannot log in`);
}

/** Ed25519 has no older PEM form than PKCS#8, so OpenSSH's own it is (PROTOCOL.key), unencrypted: it stays in memory. */
function writeOpensshEd25519({ x = '', d = '' }: JsonWebKey): string {
  const open = Buffer.from(x, 'base64url');
  const secret = Buffer.concat([Buffer.from(d, 'base64url'), open]);
  const type = writeString('ssh-ed25519');
  const check = writeUint32(0);
  const half = Buffer.concat([check, check, type, writeString(open), writeString(secret), writeString('')]);
  const padding = Buffer.from(Array.from({ length: (8 - (half.length % 8)) % 8 }, (_, at) => at + 1));
  const bytes = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    writeString('none'),
    writeString('none'),
    writeString(''),
    writeUint32(1),
    writeString(Buffer.concat([type, writeString(open)])),
    writeString(Buffer.concat([half, padding])),
  ]);
  const lines = bytes.toString('base64').replace(/(.{70})/g, '$1\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
