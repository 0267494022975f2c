/** Kinds of systemd units, as their suffix (systemd.unit(5)). */
const unitSuffixes = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;

/**
 * What systemd takes for the name of a unit or an instance (systemd.unit(5), "string escaping"). A template (`foo@`) has
 * no state, and one name that systemd refuses would cost the answers about all others: hence the strictness.
 */
export const unitNamePattern =
  /^(?=.{1,240}$)(?!.*@(\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device))?$)(?!\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$)[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\@-]+)?$/;

export const unitNameMistake =
  'a unit name is letters, digits and : _ . \\ -; of a template, name an instance (`getty@tty1`)';

/** No suffix means a service, as for `systemctl`. */
export function normalizeUnitName(written: string): string {
  return unitSuffixes.test(written) ? written : `${written}.service`;
}

/** `service` of `nginx.service`. */
export function unitKind(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
