import type { Io } from '../command.js';
import { saveSpec } from '../discover/save.js';
import type { Draft } from '../prepare.js';
import { printable } from '../terminal.js';
import { countOf } from '../text.js';
import { fixSpec, showFixes } from './fix.js';
import type { LintedSpec } from './lint-spec.js';

/**
 * Mends the files of a spec, each whole or not at all, and shows what was changed. Only files that the spec includes are
 * ever written.
 * @returns whether a file was changed
 */
export async function fixFiles(
  draft: Draft,
  linted: LintedSpec,
  { dryRun }: { readonly dryRun: boolean },
  io: Io,
): Promise<boolean> {
  const files = await fixSpec(draft, linted);
  if (files.length === 0) return false;
  // The patch is what a dry run is asked for.
  (dryRun ? io.out : io.err)(printable(await showFixes(files), { lines: true }));
  if (dryRun) return false;
  for (const { file, text, problems } of files) {
    await saveSpec(file.path, text, file.text);
    io.err(`${printable(file.name)}: mended ${countOf(problems.length, 'finding')}\n`);
  }
  return true;
}
