import { nearest } from '../spec/mistake.js';

/** Files of the database that the runtime does not list, but that a link or `TZ` may well mean. */
const others: ReadonlySet<string> = new Set(['localtime', 'posixrules', 'Factory']);

/** Why a name is no time zone of the IANA database; undefined where it is one. */
export function explainTimeZone(name: string): { readonly message: string; readonly hint?: string } | undefined {
  if (others.has(name)) return undefined;
  const known = resolveTimeZone(name);
  // Aliases (`Asia/Calcutta`) are told by the name that they stand for.
  if (known !== undefined && (known === name || known.toLowerCase() !== name.toLowerCase())) return undefined;
  const message = `there is no time zone ${JSON.stringify(name)}`;
  const near =
    known ??
    nearest(
      name.toLowerCase(),
      listTimeZones().map((zone) => zone.toLowerCase()),
    );
  const meant =
    near === undefined ? undefined : listTimeZones().find((zone) => zone.toLowerCase() === near.toLowerCase());
  return meant === undefined ? { message } : { message, hint: `did you mean "${meant}"?` };
}

/** The runtime takes names in any case, and tells how they are written. */
function resolveTimeZone(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function listTimeZones(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}
