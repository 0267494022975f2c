/**
 * A workflow command of GitHub Actions: `::error file=a.yaml,line=3::message`. GitHub's runner reads a line at a time and
 * takes `%0A` for a newline; in properties `:` and `,` end the value (docs.github.com, "Workflow commands for GitHub
 * Actions"; the escapes are those of its toolkit, `packages/core/src/command.ts`).
 */
export function workflowCommand(
  command: 'error' | 'warning' | 'notice',
  properties: { readonly [name: string]: string | number },
  message: string,
): string {
  const pairs = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${command} ${pairs.join(',')}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
