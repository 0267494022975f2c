import { listOldNames, type OldName } from '../lint/old-names.js';
import type { LintRule } from '../lint-rule.js';

const deprecatedName: LintRule = {
  name: 'deprecated-name',
  summary: 'A property or parameter by a name that it no longer has',
  severity: 'warning',
  fixable: true,
  help: `\
A name that was changed goes on working, with the same meaning, so that an old spec stays right. New versions tell of the
new name, editors too; \`--fix\` writes it, unless the entry has both.`,
  check: ({ source, resources }) =>
    source.files.flatMap((file) =>
      listOldNames(file, resources).map((old) => ({
        place: old.key,
        message: `${old.owner} calls "${old.key.source}" "${old.current}" now`,
        ...(isFree(old) && { fix: [{ file, start: old.key.start, end: old.key.end, text: old.current }] }),
      })),
    ),
};

export default deprecatedName;

/** The mapping has no such key already. */
function isFree({ within, current }: OldName): boolean {
  return !within.some(({ key }) => key.source === current);
}
