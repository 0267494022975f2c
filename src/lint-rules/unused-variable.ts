import { removePair } from '../lint/remove-pair.js';
import { type Definition, findUses, listDefinitions } from '../lint/uses.js';
import type { LintRule } from '../lint-rule.js';
import { pairsOf } from '../spec/node.js';

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
    const unused = variables.filter(({ name }) => !used.has(name));
    return unused.map((variable) => {
      const fix = variable.file === source.files[0] && leavesSome(variable, unused) ? removePair(variable) : [];
      return {
        place: variable.key,
        message: `nothing says \${${variable.name}}`,
        hint: 'remove it, or put it where its value stands',
        ...(fix.length > 0 && { fix }),
      };
    });
  },
};

export default unusedVariable;

/** `vars:` with nothing below it would be another mistake. */
function leavesSome({ within }: Definition, unused: readonly Definition[]): boolean {
  return unused.filter((one) => one.within === within).length < pairsOf(within).length;
}
