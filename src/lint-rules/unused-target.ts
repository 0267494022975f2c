import type { LintRule } from '../lint-rule.js';

const unusedTarget: LintRule = {
  name: 'unused-target',
  summary: 'A target that no entry is for',
  severity: 'warning',
  help: `\
All entries are \`only\` for other targets, or \`except\` this one: \`verify\` would ask nothing of it, and its run would be
neither passed nor failed (exit code 2).`,
  check: ({ targets, entries, isWhole, placeOf }) =>
    [...targets.values()].flatMap(({ name, position }) =>
      !isWhole || !position || (entries.get(name) ?? []).length > 0
        ? []
        : [
            {
              place: placeOf(position),
              message: `no entry is for the target "${name}"`,
              hint: 'remove it, or look at `only` and `except`',
            },
          ],
    ),
};

export default unusedTarget;
