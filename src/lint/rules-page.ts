import type { LintRule } from '../lint-rule.js';

/** `docs/lint-rules.md`: every rule with its texts. */
export function composeRulesPage(rules: readonly LintRule[]): string {
  const rows = rules.map(({ name, severity, fixable, summary }) => {
    return `| [\`${name}\`](#${name}) | ${severity} | ${fixable ? 'some' : ''} | ${summary} |`;
  });
  const table = ['| rule | severity | `--fix` | what it tells |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const sections = rules.map(({ name, summary, help }) => `## ${name}\n\n${summary}.\n\n${help.trim()}\n`);
  const head =
    '# Rules of lint\n\nMade from `src/lint-rules/` by the build; do not edit. How they are used: [lint.md](lint.md).';
  return `${head}\n\n${table}\n\n${sections.join('\n')}`;
}
