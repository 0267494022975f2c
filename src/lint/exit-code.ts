import { exitCodes } from '../error.js';
import type { Linted } from '../lint-format.js';

/** A mistake, or a rule that is broken for certain, is 65. Warnings alone are 0, unless they are to count. */
export function lintExitCode(linted: readonly Linted[], { strict }: { readonly strict: boolean }): number {
  const problems = linted.flatMap((one) => one.problems);
  const counts = problems.some(({ severity }) => strict || severity === 'error');
  return counts ? exitCodes.spec : exitCodes.passed;
}
