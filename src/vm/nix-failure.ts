import { type NixError, type NixLog, nameOfPath } from './nix-log.js';

/** What went wrong, in as few lines as tell it, and the way out where one is known. */
export interface NixFailure {
  readonly message: string;
  readonly hint?: string;
}

/** Most lines of an error that are shown; a message of NixOS's modules can have hundreds. */
const mostLines = 20;

/**
 * Why an evaluation failed: the error itself, without the trace that leads through the modules of NixOS; the whole of it
 * where Nix's setting `show-trace` is on.
 */
export function explainEvaluation(log: NixLog): NixFailure {
  const [error] = log.errors;
  if (!error) return { message: log.rest === '' ? 'Nix gave no reason' : clip(log.rest) };
  const hint = findWayOut(error.message);
  const traced = error.trace.length > 0;
  return {
    message: [...error.trace, clip(error.message), ...(error.place === undefined ? [] : [`at ${error.place}`])].join(
      '\n',
    ),
    ...(hint !== undefined && { hint }),
    ...(hint === undefined &&
      !traced && { hint: "NIX_CONFIG='show-trace = true' in the environment shows where it comes from" }),
  };
}

/** Why a build failed: which one it was and the end of what it said, not what else could not be built because of it. */
export function explainBuild(log: NixLog): NixFailure {
  const [first, ...others] = log.errors.filter(({ message }) => !isConsequence(message));
  if (!first) return explainEvaluation(log);
  const failed = readFailedBuild(first);
  const more = others.flatMap((error) => readFailedBuild(error)?.name ?? []);
  if (!failed) {
    const hint = findWayOut(first.message);
    return { message: clip(first.message), ...(hint !== undefined && { hint }) };
  }
  const said = log.logOf(failed.derivation);
  const lines = (said.length > 0 ? said : failed.said).map((line) => `  ${line}`);
  return {
    message: [
      `${failed.name} does not build: ${failed.reason}${lines.length > 0 ? '; the end of its log:' : ''}`,
      ...lines,
      ...(more.length > 0 ? [`nor ${more.length === 1 ? 'does' : 'do'} ${more.join(', ')}`] : []),
    ].join('\n'),
    hint: `all that it said: nix log ${failed.derivation}`,
  };
}

/** `1 dependencies of derivation '…' failed to build` says nothing that the first error did not say. */
function isConsequence(message: string): boolean {
  return /dependenc(y|ies) (of derivation .*)?failed|build of .*\.drv'.* failed$/s.test(message);
}

interface FailedBuild {
  readonly derivation: string;
  readonly name: string;
  readonly reason: string;
  readonly said: readonly string[];
}

/** In the words of Nix 2.8 and, after the comma, of 2.31: `builder for '…drv' failed …`, `Cannot build '…drv'.\nReason: …`. */
function readFailedBuild({ message }: NixError): FailedBuild | undefined {
  const [, derivation = '', old, renewed] =
    /^(?:builder for|Cannot build) '(\/[^']+\.drv)'(?: (failed [^;\n]*)|\.\s*Reason: ([^\n]*))/.exec(message) ?? [];
  const words = old === undefined ? renewed?.replace(/\.$/, '') : `its builder ${old}`;
  if (words === undefined) return undefined;
  const said = message.split('\n').flatMap((line) => /^\s*> ?(.*)$/.exec(line)?.[1] ?? []);
  return { derivation, name: nameOfPath(derivation), reason: words, said };
}

const waysOut: readonly (readonly [RegExp, string])[] = [
  [
    /required (to build|system or feature)|I am a '|platform mismatch/i,
    'building for another platform takes a remote builder, or `boot.binfmt.emulatedSystems` on this machine',
  ],
  [
    /not tracked by git|is not under version control|does not contain a '?[^']*flake\.nix|-source\/[^']*'(: No such file| does not exist)/i,
    'a flake in a Git repository sees only what Git knows: `git add` it',
  ],
  [
    /file 'nixpkgs[^']*' was not found in the Nix search path/i,
    'NIX_PATH says where it is, for example NIX_PATH=nixpkgs=channel:nixos-26.05',
  ],
  [
    /flake-registry|in the flake registries/i,
    'a flake that is a folder begins with `.`, `/` or `~`; other names are looked up in the registry of flakes',
  ],
  [/no space left on device/i, 'the disk of the Nix store is full: `nix store gc` frees what nothing needs'],
  [/cannot connect to (socket|daemon)|daemon-socket/i, 'is nix-daemon.service running?'],
];

function findWayOut(message: string): string | undefined {
  return waysOut.find(([pattern]) => pattern.test(message))?.[1];
}

function clip(text: string): string {
  const lines = text.trim().split('\n');
  const over = lines.length - mostLines;
  return over <= 0 ? lines.join('\n') : [...lines.slice(0, mostLines), `… ${over} more lines`].join('\n');
}
