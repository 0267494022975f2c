/** Exit codes, stable: scripts decide about a rollback by them. */
export const exitCodes = {
  passed: 0,
  failed: 1,
  unknown: 2,
  rolledBack: 10,
  notRestored: 11,
  usage: 64,
  spec: 65,
  unreachable: 69,
  defect: 70,
  interrupted: 130,
} as const;

/** For the reference and `explain`. */
export const exitCodeMeanings: { readonly [code: number]: string } = {
  [exitCodes.passed]: 'all assertions passed',
  [exitCodes.failed]: 'something failed, or broke since the run it was compared with',
  [exitCodes.unknown]:
    'nothing failed, but something could not be found out, was lost, or nothing was judged or compared at all',
  [exitCodes.rolledBack]: '`switch`: something broke, the old system runs again, and that was verified',
  [exitCodes.notRestored]: '`switch`: something broke, and it could not be verified that the old system runs again',
  [exitCodes.usage]: 'the command line is wrong',
  [exitCodes.spec]: 'the spec (or a saved run) is wrong or cannot be read',
  [exitCodes.unreachable]: 'a target could not be reached, or is in no state to be switched: nothing was touched',
  [exitCodes.defect]: 'a defect in nixspec itself, shown with its stack',
  [exitCodes.interrupted]: 'interrupted',
};

/** Each kind of failure that is not a verdict, with the exit code it leads to. Codes are stable. */
const exitCodeOf = {
  usage: exitCodes.usage,
  'spec-invalid': exitCodes.spec,
  'spec-unreadable': exitCodes.spec,
  'run-unreadable': exitCodes.spec,
  'history-unwritable': exitCodes.usage,
  'name-not-found': exitCodes.unreachable,
  'connection-refused': exitCodes.unreachable,
  'connection-timed-out': exitCodes.unreachable,
  'connection-lost': exitCodes.unreachable,
  'connection-failed': exitCodes.unreachable,
  'host-key-unknown': exitCodes.unreachable,
  'host-key-changed': exitCodes.unreachable,
  'authentication-failed': exitCodes.unreachable,
  'key-unreadable': exitCodes.unreachable,
  'sudo-needs-password': exitCodes.unreachable,
  'sudo-not-permitted': exitCodes.unreachable,
  'shell-unusable': exitCodes.unreachable,
  'ssh-missing': exitCodes.unreachable,
  'nix-missing': exitCodes.unreachable,
  'vm-refused': exitCodes.usage,
  'vm-build-failed': exitCodes.unreachable,
  'vm-boot-failed': exitCodes.unreachable,
  'step-failed': exitCodes.unreachable,
  'build-failed': exitCodes.unreachable,
  'copy-failed': exitCodes.unreachable,
  'deployer-failed': exitCodes.failed,
  'snapshot-failed': exitCodes.unreachable,
  'switch-refused': exitCodes.unreachable,
  'staging-not-passed': exitCodes.failed,
  interrupted: exitCodes.interrupted,
} as const;

/** Each code of an error with the exit code it leads to, for `explain`. */
export function errorExitCodes(): { readonly [code: string]: number } {
  return exitCodeOf;
}

export type ErrorCode = keyof typeof exitCodeOf;

export interface ErrorDetails {
  /** What was being done: `connect`, `read spec`. */
  readonly operation: string;
  /** To what: a target, a file. */
  readonly target?: string;
  /** The way out, in the user's words. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** A failure with a known cause: shown short, without a stack. Anything else that is thrown is our defect (70). */
export class NixspecError extends Error {
  readonly code: ErrorCode;
  readonly operation: string;
  readonly target: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'NixspecError';
    this.code = code;
    this.operation = details.operation;
    this.target = details.target;
    this.hint = details.hint;
  }

  get exitCode(): number {
    return exitCodeOf[this.code];
  }
}

/**
 * The far end answered, and the answer was no. Transports throw it, so that probes can tell a refused connection
 * (an answer) from one that could not be tried (unknown).
 */
export class Unreachable extends Error {
  /** `forbidden`: the SSH server does not forward; says nothing about the far end. */
  readonly reason: 'refused' | 'name-not-found' | 'no-route' | 'timed-out' | 'forbidden';

  constructor(reason: Unreachable['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'Unreachable';
    this.reason = reason;
  }
}
