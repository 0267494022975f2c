import { listQuiets } from '../lint/quiet.js';
import { type LintRule, lintRuleNames } from '../lint-rule.js';
import { suggest } from '../spec/mistake.js';

const unknownRule: LintRule = {
  name: 'unknown-rule',
  summary: 'A comment that silences a rule that does not exist',
  severity: 'warning',
  help: `\
\`# nixspec-ignore RULE\` with a name that no rule has silences nothing. Only rules can be silenced: mistakes, which keep
\`verify\` from running, cannot.`,
  check: ({ source }) => {
    const known = lintRuleNames();
    return source.files.flatMap((file) =>
      listQuiets(file).flatMap(({ rules }) =>
        rules
          .filter(({ name }) => !known.includes(name))
          .map(({ name, start }) => {
            const hint = suggest(name, known, 'rules are');
            const place = { file, start, end: start + name.length };
            return { place, message: `there is no rule ${JSON.stringify(name)}`, ...(hint !== undefined && { hint }) };
          }),
      ),
    );
  },
};

export default unknownRule;
