import { persist } from './persist.js';
import type { Stage, SwitchPlan } from './plan.js';
import { stopFor } from './stop.js';

/** From then on, profile and boot loader may be others. */
export async function announceDeploy({ plan, machine, record, signal }: Stage): Promise<void> {
  await record.step(
    'say so',
    () => machine.enterCommand(plan.id, signal),
    () => undefined,
  );
}

/** What a deployer made of the target; `next` is missing where it switched nothing. */
export interface Deployed {
  readonly exit: number;
  readonly next?: string;
}

/**
 * Runs the user's deployer. What it made current is the new system.
 * @throws Stop where it did not end well, and switched something
 */
export async function deployNext(stage: Stage, run: NonNullable<SwitchPlan['deploy']>): Promise<Deployed> {
  const { plan, before, machine, record, until, signal } = stage;
  const exit = await record.step(
    'deploy',
    () => run(signal),
    (status) => `the command ended with exit status ${status}`,
  );
  if (signal.aborted) throw signal.reason;
  const state = await persist(() => machine.inspect(signal), until, signal);
  const isSame = state.current === before.state.current && state.profile === before.state.profile;
  if (isSame && state.boot.system === before.state.boot.system) return { exit };
  if (exit !== 0) throw stopFor('activation', `the command ended with exit status ${exit}`);
  if (state.current === before.state.current || state.current === undefined)
    throw stopFor(
      'activation',
      'the command made a system the boot default, but did not activate it: nothing to verify',
    );
  await machine.adoptNext(plan.id, state.current, signal);
  return { exit, next: state.current };
}
