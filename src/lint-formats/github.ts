import type { LintFormat } from '../lint-format.js';
import { printable } from '../terminal.js';
import { workflowCommand } from '../workflow-command.js';

const github: LintFormat = {
  name: 'github',
  summary: 'Workflow commands of GitHub Actions: each finding is an annotation at its line',
  render: (linted) => {
    const commands = linted.flatMap(({ problems }) =>
      problems.map(({ code, severity, message, hint, position: { file, line, column }, length }) => {
        const text = [message, hint].filter((part) => part !== undefined).map((part) => printable(part));
        const place = { file: printable(file), line, endLine: line, col: column, endColumn: column + length - 1 };
        return workflowCommand(severity, { ...place, title: `nixspec: ${code}` }, text.join('\n'));
      }),
    );
    return { out: commands.map((command) => `${command}\n`).join(''), err: '' };
  },
};

export default github;
