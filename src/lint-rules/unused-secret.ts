import { findUses, listDefinitions } from '../lint/uses.js';
import type { LintRule } from '../lint-rule.js';

const unusedSecret: LintRule = {
  name: 'unused-secret',
  summary: 'A secret that nothing in the spec mentions',
  severity: 'warning',
  help: `\
Nothing says \`\${secret.NAME}\`, so that it is never read. It is left over, or the value that it stands for is written
somewhere in the open.`,
  check: ({ source, isWhole }) => {
    if (!isWhole) return [];
    const used = findUses(source, listDefinitions(source, 'vars'));
    return listDefinitions(source, 'secrets')
      .filter(({ name }) => !used.has(`secret.${name}`))
      .map(({ name, key }) => ({ place: key, message: `nothing says \${secret.${name}}`, hint: 'remove it' }));
  },
};

export default unusedSecret;
