import { basename } from 'node:path';
import { schemaFile } from './compose.js';

/** What VS Code is told, by path from the folder of the spec: which files are specs, and what reads them. */
export function composeEditorFiles(spec: string): Readonly<Record<string, object>> {
  return {
    '.vscode/settings.json': { 'yaml.schemas': { [`./${schemaFile}`]: [basename(spec), '*.nixspec.yaml'] } },
    '.vscode/extensions.json': { recommendations: ['redhat.vscode-yaml'] },
  };
}
