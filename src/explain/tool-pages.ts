import type { Command } from '../command.js';
import { errorExitCodes, exitCodeMeanings } from '../error.js';
import type { LintRule } from '../lint-rule.js';
import { problemCodes } from '../problem.js';
import type { Report } from '../report.js';
import type { Page, Row } from './page.js';

interface Tool {
  readonly commands: readonly Command[];
  readonly reports: readonly Report[];
  readonly rules: readonly LintRule[];
}

/** What the tool itself has: commands, reports, exit codes, mistakes of specs, rules of `lint`, errors. */
export function composeToolPages({ commands, reports, rules }: Tool): readonly Page[] {
  const exits = Object.entries(exitCodeMeanings);
  const mistakes = Object.entries(problemCodes);
  return [
    ...commands.map(describeCommand),
    ...reports.map(
      ({ name, summary }): Page => ({
        name,
        kind: 'report',
        summary,
        parts: [
          { text: `Chosen by \`--report ${name}\`, or \`--report ${name}=file\`; several may be asked for at once.` },
        ],
      }),
    ),
    {
      name: 'exit-codes',
      kind: 'keys',
      summary: 'What the exit code of nixspec means',
      parts: [{ rows: exits.map(asRow) }],
    },
    ...exits.map(
      ([code, meaning]): Page => ({ name: code, kind: 'exit code', summary: capitalize(meaning), parts: [] }),
    ),
    {
      name: 'problem-codes',
      kind: 'keys',
      summary: 'What each mistake of a spec means',
      parts: [{ rows: mistakes.map(asRow) }],
    },
    ...mistakes.map(([code, meaning]): Page => ({ name: code, kind: 'mistake', summary: meaning, parts: [] })),
    ...rules.map(describeRule),
    ...Object.entries(errorExitCodes()).map(
      ([code, exit]): Page => ({
        name: code,
        kind: 'error',
        summary: `Ends nixspec with exit code ${exit}: ${exitCodeMeanings[exit] ?? ''}`,
        parts: [],
      }),
    ),
  ];
}

function describeCommand({ name, summary, arguments: words, options, examples }: Command): Page {
  const usage = ['nixspec', name, '[options]', ...words.map((word) => word.name)].join(' ');
  const optionRow = ({ flags, summary: text, choices }: Command['options'][number]): Row => ({
    name: flags,
    text: choices ? `${text} (${choices.join(', ')})` : text,
  });
  return {
    name,
    kind: 'command',
    summary,
    parts: [
      { title: 'Examples', rows: examples.map(([line, text]) => ({ name: line, text })) },
      { text: `Usage: \`${usage}\`` },
      ...(words.length > 0 ? [{ rows: words.map((word) => ({ name: word.name, text: word.summary })) }] : []),
      ...(options.length > 0 ? [{ title: 'Options', rows: options.map(optionRow) }] : []),
    ],
  };
}

function describeRule({ name, summary, severity, help, fixable }: LintRule): Page {
  const rows = [
    { name: 'told as', text: severity === 'error' ? 'an error' : 'a warning' },
    ...(fixable ? [{ name: 'mended by', text: '`nixspec lint --fix`, as far as it is safe' }] : []),
    { name: 'silenced by', text: `\`--ignore ${name}\`, or in a file by \`# nixspec-ignore ${name}\`` },
  ];
  return { name, kind: 'lint rule', summary, parts: [{ rows }, { text: help.trim() }] };
}

function asRow([name, text]: readonly [string, string]): Row {
  return { name, text };
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
