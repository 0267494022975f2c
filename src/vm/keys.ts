import { generateKeyPairSync } from 'node:crypto';
import { convertPkcs8, inspectKeyFile } from '../ssh/private-key.js';

/** A key that was made for one VM. */
export interface VmKey {
  /** OpenSSH's own form. */
  readonly secret: string;
  /** `ssh-ed25519 AAAA…` */
  readonly open: string;
}

export function makeKey(): VmKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const secret = convertPkcs8(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const open = inspectKeyFile(secret)?.publicKey;
  if (!open) throw new TypeError('a key that was just made cannot be read');
  return { secret, open: `ssh-ed25519 ${open.toString('base64')}` };
}
