import { createHash } from 'node:crypto';
import { WireReader } from './wire.js';

/** The type that a public key says of itself: `ssh-ed25519`; undefined where it is none. */
export function typeOfKey(key: Buffer): string | undefined {
  try {
    return new WireReader(key).readText();
  } catch {
    return undefined;
  }
}

/** `SHA256:…`, as ssh shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** For people: `ssh-ed25519 SHA256:…`. */
export function showKey(key: Buffer): string {
  return `${typeOfKey(key) ?? 'key'} ${fingerprintOf(key)}`;
}

/** A key on a FIDO token. */
export function isSecurityKey(key: Buffer): boolean {
  return typeOfKey(key)?.startsWith('sk-') ?? false;
}

/** `ssh-ed25519-cert-v01@openssh.com`. */
export function isCertificate(key: Buffer): boolean {
  return typeOfKey(key)?.includes('-cert-v0') ?? false;
}
