import type { LintFormat } from '../lint-format.js';
import type { Edit, LintProblem, LintRule } from '../lint-rule.js';
import { problemCodes } from '../problem.js';
import { positionOf } from '../spec/mistake.js';

/** OASIS SARIF 2.1.0; what GitHub's code scanning reads of it is all there. */
const sarif: LintFormat = {
  name: 'sarif',
  summary: 'SARIF 2.1.0, for code scanning and editors: findings with the texts of their rules',
  render: (linted, { version, rules }) => {
    const problems = linted.flatMap((one) => one.problems);
    const described = describeRules(problems, rules);
    const ids = described.map(({ id }) => id);
    const log = {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'nixspec', semanticVersion: version, rules: described } },
          columnKind: 'utf16CodeUnits',
          results: problems.map((problem) => describeResult(problem, ids.indexOf(problem.code))),
        },
      ],
    };
    return { out: `${JSON.stringify(log, undefined, 2)}\n`, err: '' };
  },
};

export default sarif;

/** All rules, and those mistakes of the language that are told. */
function describeRules(problems: readonly LintProblem[], rules: readonly LintRule[]) {
  const names = new Set(rules.map(({ name }) => name));
  const codes = [...new Set(problems.map(({ code }) => code))].filter((code) => !names.has(code)).sort();
  return [
    ...rules.map(({ name, summary, help, severity }) => describeRule(name, summary, help, severity)),
    ...codes.map((code) => {
      const summary = (problemCodes as { readonly [code: string]: string })[code] ?? code;
      return describeRule(code, summary, `${summary}.`, 'error');
    }),
  ];
}

function describeRule(id: string, summary: string, help: string, level: LintRule['severity']) {
  return {
    id,
    shortDescription: { text: `${summary}.` },
    help: { text: help.trim().replaceAll('`', ''), markdown: help.trim() },
    defaultConfiguration: { level },
  };
}

function describeResult({ code, severity, message, hint, position, length, fix }: LintProblem, ruleIndex: number) {
  const { file, line: startLine, column: startColumn } = position;
  const region = { startLine, startColumn, endColumn: startColumn + length };
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: hint === undefined ? `${message}.` : `${message} (${hint}).` },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, region } }],
    ...(fix && { fixes: [{ artifactChanges: fix.map(describeEdit) }] }),
  };
}

function describeEdit({ file, start, end, text }: Edit) {
  const { line: startLine, column: startColumn } = positionOf({ file, start });
  const { line: endLine, column: endColumn } = positionOf({ file, start: end });
  const deletedRegion = { startLine, startColumn, endLine, endColumn };
  return {
    artifactLocation: { uri: uriOf(file.name) },
    replacements: [{ deletedRegion, ...(text !== '' && { insertedContent: { text } }) }],
  };
}

/** A path as a reference of RFC 3986; relative ones are to where nixspec was started, mostly the top of the repository. */
function uriOf(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${encoded}` : encoded;
}
