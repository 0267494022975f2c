import { Composer, type Document, type ParsedNode } from 'yaml';
import type { Problem } from '../model.js';
import { deepestYaml, readYamlTokens } from '../yaml-tokens.js';
import { mistakeAt } from './mistake.js';
import type { Place, SpecFile, SpecNode } from './node.js';
import { buildTree, Unbuildable } from './tree.js';

/**
 * Parses the text of a file: YAML 1.2, core schema, one document. Duplicate keys are found by the tree's builder, since
 * the library's search for them is quadratic. Of several errors in the syntax only the first is told: the others are
 * mostly its consequences.
 */
export function parseYaml(file: SpecFile): { readonly root?: SpecNode; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const place = (start: number, end: number): Place => ({ file, start, end });
  try {
    const [document, second] = composeDocuments(file);
    const [wrong] = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
    if (wrong) return { problems: [explainSyntax(wrong.message, place(...wrong.pos))] };
    if (second) {
      const start = file.text.lastIndexOf('---', second.contents?.range[0] ?? second.range[1]);
      const hint = 'put the second into a file of its own, and that under `include`';
      problems.push(mistakeAt('several-documents', 'a file is one YAML document', place(start, start + 3), hint));
    }
    if (!document?.contents) return { problems };
    return { root: buildTree(document.contents, file, (problem) => problems.push(problem)), problems };
  } catch (error) {
    if (!(error instanceof Unbuildable)) throw error;
    return { problems: [...problems, mistakeAt(error.code, error.message, error.place)] };
  }
}

function composeDocuments(file: SpecFile): Document.Parsed<ParsedNode>[] {
  const composer = new Composer({ schema: 'core', keepSourceTokens: false, uniqueKeys: false, logLevel: 'silent' });
  const tokens = readYamlTokens(file.text, (start, end) => tooDeep({ file, start, end }));
  return [...composer.compose(tokens)] as Document.Parsed<ParsedNode>[];
}

function tooDeep(place: Place): Unbuildable {
  return new Unbuildable('too-large', `lists and mappings stand in each other more than ${deepestYaml} deep`, place);
}

function explainSyntax(message: string, place: Place): Problem {
  const { file, start } = place;
  const text = message.replaceAll('\n', ' ').trim();
  const said = text.charAt(0).toLowerCase() + text.slice(1);
  // In `{ … }` and `[ … ]` YAML takes the brace of a variable for a mapping.
  if (file.text.slice(start - 1, start + 1) !== '${') return mistakeAt('yaml-syntax', said, place);
  const variable = /^\{[^{}\n]*\}/.exec(file.text.slice(start, start + 200))?.[0] ?? '{name}';
  const whole = { file, start: start - 1, end: start + variable.length };
  const needed = 'inside braces and brackets a variable needs quotes';
  return mistakeAt('yaml-syntax', needed, whole, `write "$${variable}"`);
}
