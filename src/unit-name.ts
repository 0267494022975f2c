import { compileRegexp, type Regexp } from './pattern.js';

/** Kinds of systemd units, as their suffix (systemd.unit(5)). */
const unitSuffixes = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;

/**
 * What systemd takes for the name of a unit or an instance (systemd.unit(5), "string escaping"). A template (`foo@`) has
 * no state, and one name that systemd refuses would cost the answers about all others: hence the strictness.
 */
export const oneUnitPattern =
  /^(?=.{1,240}$)(?!.*@(\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device))?$)(?!\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$)[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\@-]+)?$/;

/** Wildcards as `systemctl` takes them: `*`, `?` and `[…]` of glob(7), without escapes. */
const severalUnits = /^(?=.{1,240}$)(?=.*[*?[])(?:[A-Za-z0-9:_.\\@*?-]|\[[!^]?[A-Za-z0-9:_.@-]+\])+$/;

export const unitNamePattern = new RegExp(`${oneUnitPattern.source}|${severalUnits.source}`);

export const unitNameMistake =
  'a unit name is letters, digits and : _ . \\ -, or wildcards (`backup-*`); of a template, name an instance (`getty@tty1`)';

/** No suffix means a service, as for `systemctl`. A wildcard in the suffix is one. */
export function normalizeUnitName(written: string): string {
  return unitSuffixes.test(written) || /\.[^.]*[*?[][^.]*$/.test(written) ? written : `${written}.service`;
}

export function hasWildcards(name: string): boolean {
  return /[*?[]/.test(name);
}

/** What a name with wildcards matches. */
export function compileWildcards(name: string): Regexp {
  const source = name.replace(/\[[!^]?[^\]]+\]|[*?.\\^]/g, (part) => {
    if (part.startsWith('[')) return part.replace(/^\[[!^]/, '[^');
    return part === '*' ? '.*' : part === '?' ? '.' : `\\${part}`;
  });
  return compileRegexp(`^(?:${source})$`);
}

/** `service` of `nginx.service`. */
export function unitKind(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
