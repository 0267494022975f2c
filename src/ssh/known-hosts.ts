import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { typeOfKey } from './public-key.js';

/** One key in a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker?: 'cert-authority' | 'revoked';
  /** The first field: patterns divided by commas, or one hashed name. */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
  readonly line: number;
}

/** How a host is looked up. `name` is the alias, if the user gave one, and then the port plays no part. */
export interface HostName {
  readonly name: string;
  readonly port: number;
  readonly isAlias: boolean;
}

export type HostKeyVerdict =
  | { readonly verdict: 'known' }
  /** No key of this type for the host; `others` are of other types. */
  | { readonly verdict: 'unknown'; readonly others: readonly KnownHost[] }
  /** There is a key of this type, and it is another one. */
  | { readonly verdict: 'changed'; readonly entry: KnownHost }
  | { readonly verdict: 'revoked'; readonly entry: KnownHost };

const defaultPort = 22;

/** Reads known_hosts files; one that is not there holds nothing. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text, at) => parseKnownHosts(text, files[at] ?? ''));
}

/** Comments, empty lines and lines that are no host key are passed over, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((written, at) => {
    const fields = written.trim().split(/[ \t]+/);
    const first = fields[0] ?? '';
    if (first === '' || first.startsWith('#')) return [];
    const marker = first.startsWith('@') ? first.slice(1) : undefined;
    if (marker !== undefined && marker !== 'cert-authority' && marker !== 'revoked') return [];
    const [names, type, base64] = marker === undefined ? fields : fields.slice(1);
    if (names === undefined || type === undefined || base64 === undefined) return [];
    const key = Buffer.from(base64, 'base64');
    if (typeOfKey(key) !== type) return [];
    return [{ ...(marker && { marker }), names, type, key, file, line: at + 1 }];
  });
}

/** The entries that are about a host, in the order of the files. */
export function findKnownHosts(entries: readonly KnownHost[], host: HostName): KnownHost[] {
  const name = host.name.toLowerCase();
  const lookedUp = host.isAlias || host.port === defaultPort ? name : `[${name}]:${host.port}`;
  return entries.filter((entry) => matchesHost(entry.names, lookedUp));
}

/** Judges the key that a host showed. A key listed without the port counts too, if it is this very one (as in ssh). */
export function judgeHostKey(entries: readonly KnownHost[], host: HostName, key: Buffer): HostKeyVerdict {
  const found = findKnownHosts(entries, host);
  const withoutPort = findKnownHosts(entries, { ...host, port: defaultPort });
  const isThis = (entry: KnownHost) => entry.key.equals(key);
  const revoked = [...found, ...withoutPort].find((entry) => entry.marker === 'revoked' && isThis(entry));
  if (revoked) return { verdict: 'revoked', entry: revoked };
  const plain = found.filter((entry) => entry.marker === undefined);
  if (plain.some(isThis)) return { verdict: 'known' };
  const type = typeOfKey(key);
  const changed = plain.find((entry) => entry.type === type);
  if (changed) return { verdict: 'changed', entry: changed };
  if (plain.length === 0 && withoutPort.some((entry) => entry.marker === undefined && isThis(entry))) {
    return { verdict: 'known' };
  }
  return { verdict: 'unknown', others: plain };
}

/**
 * The host key algorithms to offer, those first for which there is a known key: a server has keys of several types and
 * shows the one that the client likes best, so that any other order would report keys as unknown that are merely others.
 */
export function orderHostKeyAlgorithms(algorithms: readonly string[], known: readonly KnownHost[]): string[] {
  const types = new Set(known.filter((entry) => entry.marker === undefined).map((entry) => entry.type));
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
  return [...algorithms.filter(isKnown), ...algorithms.filter((algorithm) => !isKnown(algorithm))];
}

function matchesHost(names: string, host: string): boolean {
  if (names.startsWith('|')) return matchesHashed(names, host);
  const patterns = names.toLowerCase().split(',');
  const negated = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  if (negated.some((pattern) => matchesPattern(pattern, host))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, host));
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, keyed by the salt. */
function matchesHashed(names: string, host: string): boolean {
  const [, version, salt = '', hash = ''] = names.split('|');
  if (version !== '1') return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(host).digest().equals(Buffer.from(hash, 'base64'));
}

/** `*` is any run of characters and `?` is one. Walked by hand: as a regular expression, many `*` take for ever. */
function matchesPattern(pattern: string, host: string): boolean {
  let [p, h, star, retry] = [0, 0, -1, 0];
  while (h < host.length) {
    if (pattern[p] === '*') [star, retry, p] = [p, h, p + 1];
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === host[h])) [p, h] = [p + 1, h + 1];
    else if (star >= 0) [p, retry, h] = [star + 1, retry + 1, retry + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(p));
}
