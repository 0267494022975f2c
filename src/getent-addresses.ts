import { isIPv4, isIPv6 } from 'node:net';
import type { Script } from './model.js';
import { chunkWords } from './shell/chunks.js';
import { joinScripts, sh } from './shell/sh.js';

export type Family = 'ahostsv4' | 'ahostsv6';

/**
 * Prints the addresses of many names, as the target's own resolver sees them, with one `getent`. It does not say which
 * name an address is of, so that a known address, which is its own answer, is put before each name.
 */
export function printAddresses(database: Family, names: readonly string[]): Script {
  return joinScripts(
    chunkWords(names).map((some) => {
      const marked = some.flatMap((name) => [markOf(database, names.indexOf(name)), name]);
      return sh`getent ${database} -- ${marked}; x=$?; echo =getent $x`;
    }),
  );
}

/** From blocks that are kept for documentation: RFC 5737 and 3849. */
function markOf(database: Family, at: number): string {
  if (database === 'ahostsv6')
    return `2001:db8:ffff:ffff:ffff:ffff:${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}`;
  return `0.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
}

/**
 * Reads what `printAddresses` printed for the same names: sorted addresses, none where there are none.
 * @returns undefined where getent is missing or did not run to its end
 */
export function readAddresses(
  database: Family,
  names: readonly string[],
  output: string,
): ReadonlyMap<string, readonly string[]> | undefined {
  const found = new Map<string, Set<string>>();
  const isOwn = database === 'ahostsv4' ? isIPv4 : (address: string) => isIPv6(address) && !isMapped(address);
  for (const line of output.split('\n')) {
    const [address = '', kind = '', canonical] = line.trim().split(/\s+/);
    // 0: all were found, 2: some were not.
    if (address === '=getent' && kind !== '0' && kind !== '2') return undefined;
    if (kind !== 'STREAM') continue;
    const next = names[found.size];
    if (next !== undefined && canonical === markOf(database, found.size)) found.set(next, new Set());
    // A second time: somebody's name server answers with our marks.
    else if (canonical !== undefined && canonical === markOf(database, found.size - 1)) return undefined;
    else if (isOwn(address)) found.get(names[found.size - 1] ?? '')?.add(address);
  }
  if (found.size !== names.length) return undefined;
  return new Map([...found].map(([name, addresses]) => [name, [...addresses].sort()]));
}

/** `::ffff:192.0.2.1`: getent shows so what has no IPv6 address. */
function isMapped(address: string): boolean {
  return address.toLowerCase().startsWith('::ffff:');
}
