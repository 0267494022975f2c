import { NixspecError } from '../error.js';
import { superviseNix } from '../vm/nix.js';
import { explainEvaluation } from '../vm/nix-failure.js';

interface Asked {
  /** Milliseconds that it may take. */
  readonly patience: number;
  readonly signal: AbortSignal;
  show(stage: string): void;
}

/**
 * What `nix` prints as JSON, within a time and without writing a lock file.
 * @throws NixspecError `nix-missing`, `interrupted`, `build-failed` with Nix's own reason
 */
export async function askNix(args: readonly string[], { patience, signal, show }: Asked): Promise<unknown> {
  const input = {
    target: 'flake',
    folder: process.cwd(),
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    show,
  };
  const { exit, printed, log } = await superviseNix('nix', [...args, '--json', '--no-write-lock-file'], input).catch(
    (error) => {
      if (input.signal.aborted && !signal.aborted) throw failed(`Nix has not answered within ${patience / 1000} s`);
      throw error;
    },
  );
  if (exit !== 0) throw failed(explainEvaluation(log).message);
  try {
    return JSON.parse(printed);
  } catch {
    throw failed('what Nix said is not JSON');
  }
}

function failed(message: string): NixspecError {
  return new NixspecError('build-failed', message, { operation: 'ask Nix' });
}

/** A flake that Nix cannot read, or that cannot be asked: there may still be somebody who knows. */
export function isFailure(error: unknown): error is NixspecError {
  return error instanceof NixspecError && (error.code === 'build-failed' || error.code === 'nix-missing');
}
