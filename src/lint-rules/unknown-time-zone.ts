import { checkEachTarget } from '../lint/each-target.js';
import { explainTimeZone } from '../lint/time-zone.js';
import type { Asserted, LintInput, LintRule } from '../lint-rule.js';
import type { Argument, Entry } from '../model.js';

const unknownTimeZone: LintRule = {
  name: 'unknown-time-zone',
  summary: 'The name of a time zone that does not exist',
  severity: 'warning',
  help: `\
Looked at are \`system: { timezone: … }\`, links into \`zoneinfo\` (\`/etc/localtime\` is one on NixOS) and the variable \`TZ\` of a
\`command\`. Names are those of the IANA database as this Node.js knows it, and are case-sensitive, since they are files. A
wrong \`TZ\` is no error for a program: it silently means UTC.`,
  check: (input) =>
    checkEachTarget(input, ({ asserted, entries }) => [
      ...asserted.flatMap((one) => checkNames(listZones(one), one.written, input)),
      ...entries.flatMap((entry) => checkNames(zoneOfCommand(entry), entry, input)),
    ]),
};

export default unknownTimeZone;

function checkNames(names: readonly string[], { position }: Pick<Entry, 'position'>, input: LintInput) {
  return names.flatMap((name) => {
    const mistake = explainTimeZone(name);
    if (!mistake) return [];
    const { message, hint } = mistake;
    return [{ place: input.placeOf(position), message, ...(hint !== undefined && { hint }) }];
  });
}

/** Names of zones among what is expected. */
function listZones({ entry, written: { path }, expectation }: Asserted): readonly string[] {
  const property = path.join('.');
  const texts = listEqual(expectation.argument, expectation.matcher);
  if (entry.resource === 'system' && property === 'timezone') return texts;
  if (entry.resource !== 'file' || (property !== 'linked-to' && property !== 'real-path')) return [];
  return texts.flatMap((text) => /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(text)?.[1] ?? []);
}

/** `Europe/Berlin`, `:Europe/Berlin`; what has digits is a rule of its own (`CET-1CEST`), or a path. */
function zoneOfCommand({ resource, params }: Entry): readonly string[] {
  const environment = resource === 'command' ? params.environment : undefined;
  if (environment === null || typeof environment !== 'object' || Array.isArray(environment)) return [];
  const zone = (environment as { readonly [name: string]: unknown }).TZ;
  return typeof zone === 'string' && /^:?[A-Za-z_]+(\/[A-Za-z_+-]+)*$/.test(zone) ? [zone.replace(/^:/, '')] : [];
}

/** Whole texts that are expected, also as one of several; not parts of texts. */
function listEqual(argument: Argument, matcher: string): readonly string[] {
  if (matcher === 'equal') return typeof argument === 'string' ? [argument] : [];
  if ((matcher !== 'or' && matcher !== 'and') || !Array.isArray(argument)) return [];
  return (argument as readonly { readonly matcher: string; readonly argument: Argument }[]).flatMap((part) =>
    listEqual(part.argument, part.matcher),
  );
}
