import type { Run } from '../model.js';
import type { Breakage } from '../switch-model.js';
import { countOf } from '../text.js';
import { countOutcomes } from '../verdict.js';
import type { Ended } from './activate.js';
import { type Evidence, findBreakages, isDecisive, type UnitState } from './decide.js';
import type { Machine } from './machine.js';
import { pause, persist, verifyWhole } from './persist.js';
import type { Record } from './record.js';

export interface JudgeInput {
  readonly machine: Machine;
  readonly record: Record;
  readonly before: { readonly run: Run; readonly units: readonly UnitState[] };
  readonly activation?: Ended;
  /** Seconds. */
  readonly soak: number;
  readonly allowed: readonly string[];
  readonly until: () => number;
  readonly signal: AbortSignal;
}

/** Seconds that units may take to settle; what starts for longer is judged as it is. */
const settling = 60;
/** Seconds between two looks at the units while it soaks. */
const every = 5;

/**
 * Verifies the new system over fresh connections: when its units have settled, and after the soak. What is broken at the
 * first look, or a unit that fails meanwhile, ends it early.
 * @returns what broke, the allowed too
 */
export async function judgeNext(input: JudgeInput): Promise<readonly Breakage[]> {
  const { record, soak } = input;
  await record.step(
    'settle',
    () => waitForUnits(input),
    () => undefined,
  );
  const first = await record.step('verify', () => look('switched', 'after', input, {}), describeLook('verified'));
  if (soak === 0 || first.breakages.some(isDecisive)) return first.breakages;
  const early = await record.step(
    'soak',
    () => waitOut(first, input),
    (broken) => broken && 'a unit failed meanwhile',
  );
  if (early) return early;
  const last = await record.step(
    'verify again',
    () => look('settled', 'settled', input, { settled: first.units }),
    describeLook(`verified again after ${soak} s`),
  );
  return last.breakages;
}

interface Looked {
  readonly run: Run;
  readonly units: readonly UnitState[];
  readonly breakages: readonly Breakage[];
}

async function look(
  stage: string,
  name: 'after' | 'settled',
  input: JudgeInput,
  { settled }: { readonly settled?: readonly UnitState[] },
): Promise<Looked> {
  const { machine, record, until, signal } = input;
  const run = await verifyWhole(machine, stage, until, signal);
  record.runs.push({ name, run });
  const units = await persist(() => machine.units(signal), until, signal);
  const states = settled ? { settled, soaked: units } : { settled: units };
  return { run, units, breakages: findBreakages(evidenceOf(input, run, states)) };
}

function evidenceOf({ before, activation, allowed }: JudgeInput, run: Run, units: Omit<Evidence['units'], 'before'>) {
  return {
    before: before.run,
    after: [run],
    units: { before: before.units, ...units },
    ...(activation && { activation }),
    allowed,
  };
}

/** Until no unit is on its way any more. One that is started again and again never is: that is seen later. */
async function waitForUnits({ machine, until, signal }: JudgeInput): Promise<void> {
  const end = Date.now() + settling * 1000;
  for (;;) {
    const units = await persist(() => machine.units(signal), until, signal);
    if (signal.aborted) throw signal.reason;
    if (units.every(({ active, sub }) => !isOnTheWay(active) || sub === 'auto-restart') || Date.now() > end) return;
    await pause(0.5, signal);
  }
}

function isOnTheWay(active: string): boolean {
  return active === 'activating' || active === 'deactivating' || active === 'reloading';
}

/** @returns what broke meanwhile, so that the rest need not be waited for */
async function waitOut({ run, units: settled }: Looked, input: JudgeInput): Promise<readonly Breakage[] | undefined> {
  const { machine, record, soak, signal } = input;
  const end = Date.now() + soak * 1000;
  for (let left = soak; left > 0; left = (end - Date.now()) / 1000) {
    record.show(`waiting for what breaks late: ${Math.ceil(left)} s more`);
    await pause(Math.min(every, left), signal);
    if (signal.aborted) throw signal.reason;
    const units = await machine.units(signal).catch(() => undefined);
    if (!units) continue;
    const breakages = findBreakages(evidenceOf(input, run, { settled, soaked: units }));
    if (breakages.some(isDecisive)) return breakages;
  }
  return undefined;
}

function describeLook(what: string) {
  return ({ run, breakages }: Looked) => {
    const { passed } = countOutcomes(run);
    const broken = breakages.filter(isDecisive).length;
    const allowed = breakages.length - broken;
    const words = [
      `${passed} passed`,
      broken > 0 && `${broken} broke`,
      allowed > 0 && `${countOf(allowed, 'breakage')} allowed`,
    ];
    return `${what}: ${words.filter(Boolean).join(', ')}`;
  };
}
