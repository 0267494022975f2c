import { listQuiets, type Quiet, quietWords } from '../lint/quiet.js';
import { type Finding, type LintRule, lintRuleNames } from '../lint-rule.js';
import { suggest } from '../spec/mistake.js';

const unknownRule: LintRule = {
  name: 'unknown-rule',
  summary: 'A comment that silences a rule that does not exist',
  severity: 'warning',
  help: `\
\`# nixspec-ignore RULE\` with a name that no rule has silences nothing. Only rules can be silenced: mistakes, which keep
\`verify\` from running, cannot.`,
  check: ({ source }) => source.files.flatMap((file) => listQuiets(file).flatMap((quiet) => checkQuiet(quiet))),
};

export default unknownRule;

function checkQuiet(quiet: Quiet): readonly Finding[] {
  const { file, start, end, word, rules } = quiet;
  const place = { file, start, end };
  if (!quietWords.includes(word)) {
    return [
      { place, message: `there is no comment ${JSON.stringify(word)}`, hint: `write ${quietWords.join(' or ')}` },
    ];
  }
  if (rules.length === 0)
    return [{ place, message: 'it does not say which rule is to be silent', hint: `${word} RULE` }];
  const known = lintRuleNames();
  return rules
    .filter(({ name }) => !known.includes(name))
    .map(({ name, start: at }) => {
      const hint = suggest(name, known, 'rules are');
      const message = `there is no rule ${JSON.stringify(name)}`;
      return { place: { file, start: at, end: at + name.length }, message, ...(hint !== undefined && { hint }) };
    });
}
