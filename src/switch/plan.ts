import type { Run } from '../model.js';
import type { StateEntry } from '../switch-model.js';
import { countOutcomes } from '../verdict.js';
import type { UnitState } from './decide.js';
import type { Machine } from './machine.js';
import type { Record } from './record.js';
import type { Restore, TargetState } from './state.js';

/** What is to be done, all of it decided before anything is touched. */
export interface SwitchPlan {
  readonly id: string;
  /** `user@laptop`, for those who find the switch armed. */
  readonly runner: string;
  readonly target: string;
  readonly spec: string;
  /** The system to come; missing where `deploy` makes it. */
  readonly next?: string;
  /** The user's own deployer, which makes a system current. @returns its exit status */
  readonly deploy?: (signal: AbortSignal) => Promise<number>;
  /** The new system comes by a reboot, as it needs one. */
  readonly reboot: boolean;
  readonly snapshots: readonly StateEntry[];
  /** Seconds. */
  readonly soak: number;
  readonly deadline: number;
  readonly allowed: readonly string[];
  readonly rollback: boolean;
  /** Asks a person whether to keep what was verified. */
  readonly confirm?: (settled: Run, signal: AbortSignal) => Promise<boolean>;
}

/** What production was like before. */
export interface Before {
  readonly run: Run;
  readonly units: readonly UnitState[];
  readonly state: TargetState;
}

/** What each part of a switch works with. */
export interface Stage {
  readonly plan: SwitchPlan;
  readonly before: Before;
  readonly machine: Machine;
  readonly record: Record;
  /** Milliseconds since the epoch at which the target restores by itself. */
  readonly until: () => number;
  /** Fires when the switch is not to go on. */
  readonly signal: AbortSignal;
}

/** Seconds that a new system may run after its boot before it is armed again: services and SSH need some to come up. */
const longestBoot = 300;

export function bootSeconds({ deadline }: Pick<SwitchPlan, 'deadline'>): number {
  return Math.min(longestBoot, deadline);
}

/** What is brought back, by path, also after a reboot. */
export function whatToRestore({ state }: Pick<Before, 'state'>): Restore {
  const { current = '', profile, generation, boot } = state;
  return {
    current,
    ...(profile !== undefined && { profile }),
    ...(generation !== undefined && { generation }),
    ...(boot.system !== undefined && { boot: boot.system }),
  };
}

/** `12 passed, 1 failed`, for the look before. */
export function describeBefore(run: Run): string {
  const { passed, failed, unknown } = countOutcomes(run);
  const broken = failed + unknown;
  return `before: ${passed} passed${broken > 0 ? `, ${broken} did not: not blamed on the switch` : ''}`;
}
