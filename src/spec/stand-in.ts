/**
 * What stands for a secret while it is not read: in `lint` and `plan` always, in `verify` until it is known which ones are
 * needed. Letters and digits alone, in lower case, so that it survives whatever a subject or a URL goes through; the name
 * is in it, so that what is shown can have the name again; no text of a spec looks like it.
 */
export function standInFor(name: string): string {
  return `nixspecsecret${Buffer.from(name).toString('hex')}z`;
}

const standIn = /nixspecsecret((?:[0-9a-f]{2})+)z/g;

export function hasStandIn(text: string): boolean {
  return text.includes('nixspecsecret');
}

/** The names of the secrets that a text has stand-ins of. */
export function listStandIns(text: string): readonly string[] {
  return hasStandIn(text) ? [...text.matchAll(standIn)].map(([, hex]) => nameOf(hex)) : [];
}

/** `${secret.NAME}` where a secret would stand: stable from run to run and from target to target. */
export function nameStandIns(text: string): string {
  return hasStandIn(text) ? text.replace(standIn, (_, hex: string) => `\${secret.${nameOf(hex)}}`) : text;
}

function nameOf(hex: string | undefined): string {
  return Buffer.from(hex ?? '', 'hex').toString();
}
