import { removePair } from '../lint/remove-pair.js';
import { type Definition, findUses, listDefinitions } from '../lint/uses.js';
import type { LintRule } from '../lint-rule.js';

const unusedVariable: LintRule = {
  name: 'unused-variable',
  summary: 'A variable that nothing in the spec mentions',
  severity: 'warning',
  fixable: true,
  help: `\
It is left over, or was meant where a value stands: \`vars: { domain: … }\` beside a subject that says the name itself. A
variable that only unused ones mention is unused too. \`--fix\` removes it from the spec itself where it has lines of its own
and no comment; not from an included file, which other specs may include.`,
  check: ({ source, isWhole }) => {
    if (!isWhole) return [];
    const variables = listDefinitions(source, 'vars');
    const used = findUses(source, variables);
    return variables
      .filter(({ name }) => !used.has(name))
      .map((variable) => ({
        place: variable.key,
        message: `nothing says \${${variable.name}}`,
        hint: 'remove it, or put it where its value stands',
        ...(canRemove(variable, source.files[0]) && { fix: removePair(variable) }),
      }));
  },
};

export default unusedVariable;

function canRemove(variable: Definition, root: Definition['file'] | undefined): boolean {
  return variable.file === root && removePair(variable).length > 0;
}
