import type { CommandInput } from '../command.js';
import { NixspecError } from '../error.js';
import { textList } from '../prepare.js';
import { valueTypes } from '../value.js';

export const byHandActions = ['status', 'confirm', 'rollback'] as const;
export type ByHandAction = (typeof byHandActions)[number];

/** What is to be done with which target. */
export interface SwitchWords {
  readonly action: 'switch' | ByHandAction;
  readonly target: string;
}

/** `switch production`, `switch status production`. @throws NixspecError `usage` */
export function readWords({ args, afterDashes = [] }: CommandInput): SwitchWords {
  const [first = '', second, third] = args.slice(0, args.length - afterDashes.length);
  const action = byHandActions.find((name) => name === first);
  if (action && second !== undefined) {
    const extra = third ?? afterDashes[0];
    if (extra === undefined) return { action, target: second };
    throw usage(`${action} takes one target, and nothing behind it`, `nixspec switch ${action} ${second}`);
  }
  if (second === undefined && first !== '') return { action: 'switch', target: first };
  if (first === '') throw usage('it is not said which target to switch', 'nixspec switch production');
  throw usage(
    `one target is switched at a time, and ${JSON.stringify(second)} is no part of it`,
    'a deployer stands behind two dashes: nixspec switch production -- nixos-rebuild switch …',
  );
}

/** Seconds. */
export interface SwitchTimes {
  readonly soak: number;
  readonly deadline: number;
}

const defaultSoak = 60;
/** Beyond the soak: for activating, verifying, and a person's answer; for a reboot; a deployer may build and copy in it too. */
const [defaultRest, defaultRestReboot, defaultRestWrapped] = [15 * 60, 30 * 60, 60 * 60];
/** Below it nothing could be activated and verified. */
const leastDeadline = 10;

/** @throws NixspecError `usage` where nixspec could not see to it that the old system comes back */
export function refuseReboot(
  { options }: CommandInput,
  how: { readonly wrapped: boolean; readonly local: boolean },
): void {
  if (options.reboot !== true) return;
  if (how.wrapped)
    throw usage(
      '--reboot does not go with a deployer: nixspec itself must choose what the next boot brings',
      'give the new system by --flake or --closure',
    );
  if (how.local)
    throw usage(
      '--reboot would end nixspec itself, as it runs on the target',
      'run it on another machine, which reaches the target by SSH',
    );
}

/** @throws NixspecError `usage` */
export function readTimes({ options }: CommandInput, wrapped: boolean): SwitchTimes {
  const soak = readDuration('--soak', options.soak) ?? defaultSoak;
  const rest = wrapped ? defaultRestWrapped : options.reboot === true ? defaultRestReboot : defaultRest;
  const deadline = readDuration('--deadline', options.deadline) ?? soak + rest;
  if (deadline < leastDeadline || deadline <= soak) {
    const least = Math.max(leastDeadline, soak);
    throw usage(`--deadline is for the switch as a whole, with its soak of ${soak} s`, `give more than ${least}s`);
  }
  return { soak, deadline };
}

function readDuration(name: string, given: CommandInput['options'][string]): number | undefined {
  if (typeof given !== 'string') return undefined;
  try {
    const seconds = valueTypes.duration.read({ value: given, source: given });
    if (typeof seconds === 'number' && seconds >= 0) return seconds;
  } catch {
    // Told below.
  }
  throw usage(`${name} takes a duration, not ${JSON.stringify(given)}`, `for example ${name} 90s`);
}

/** @throws NixspecError `usage` where nothing of that id could break */
export function readAllowed({ options }: CommandInput, isAllowable: (id: string) => boolean): readonly string[] {
  const allowed = textList(options.allowBroken);
  const unknown = allowed.find((id) => !isAllowable(id));
  if (unknown === undefined) return allowed;
  throw usage(
    `--allow-broken: there is no assertion ${JSON.stringify(unknown)}`,
    'it takes the id of an assertion (as the json report has it), "unit nginx.service", or "activation"',
  );
}

function usage(message: string, hint: string): NixspecError {
  return new NixspecError('usage', message, { operation: 'switch', hint });
}
