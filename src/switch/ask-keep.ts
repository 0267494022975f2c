import { createInterface } from 'node:readline/promises';
import type { Io } from '../command.js';
import { compareRuns } from '../diff.js';
import { NixspecError } from '../error.js';
import type { Run } from '../model.js';
import type { Progress } from '../progress.js';
import { loadReport } from '../report.js';
import { makePaint } from '../terminal.js';

/**
 * Shows what differs from before, and asks whether to keep it. No answer before the signal is no.
 * @throws NixspecError `usage` where nobody can be asked
 */
export async function askKeep(
  before: Run,
  settled: Run,
  staging: Run | undefined,
  signal: AbortSignal,
  progress: Progress,
  io: Io,
): Promise<boolean> {
  const lines = await loadReport('lines');
  const comparisons = [compareRuns(before, settled), ...(staging ? [compareRuns(staging, settled)] : [])];
  const result = { runs: [settled], comparisons, baselines: staging ? [before, staging] : [before] };
  progress.stop();
  io.err(lines.render(result, { paint: makePaint(io.color.err), verbose: false, width: io.width, runs: false }));
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question('Keep it? [y/N] ', { signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    io.err('\n');
    return false;
  } finally {
    reader.close();
  }
}

/** @throws NixspecError `usage`, before anything is touched */
export function refuseUnattended(confirm: boolean, io: Pick<Io, 'isTerminal'>): void {
  if (!confirm || io.isTerminal.in) return;
  throw new NixspecError('usage', '--confirm asks a person, and standard input is no terminal', {
    operation: 'read options',
    hint: 'leave out --confirm: it is kept where it was verified',
  });
}
