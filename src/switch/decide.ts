import type { Outcome, Run } from '../model.js';
import type { Breakage } from '../switch-model.js';
import { countOf } from '../text.js';
import { isWaived } from '../waiver.js';

/** How a unit was seen at one moment. */
export interface UnitState {
  readonly name: string;
  /** ActiveState and SubState of systemd. */
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  /** How often systemd has started it again by itself (NRestarts). */
  readonly restarts: number;
}

/** All that there is to judge a switch by. */
export interface Evidence {
  readonly before: Run;
  /** Each later run over a connection of its own: right after the activation, and after the soak. */
  readonly after: readonly Run[];
  /** Units before, when they had settled after the activation, and after the soak; missing where they could not be asked. */
  readonly units: {
    readonly before: readonly UnitState[];
    readonly settled?: readonly UnitState[];
    readonly soaked?: readonly UnitState[];
  };
  /** Exit status of switch-to-configuration, and the end of what it said; missing where a deployer was run. */
  readonly activation?: { readonly exit: number; readonly output: string };
  /** What `--allow-broken` names. */
  readonly allowed: readonly string[];
}

/**
 * What broke: what passed before, or was well, and no longer is. Severity `warning`, what is waived, and what was not well
 * before count for nothing. Unknown is not passed. Pure.
 *
 * What the spec says about a unit decides over what systemd says of it: a unit that may fail is told as such in the spec.
 */
export function findBreakages(evidence: Evidence): readonly Breakage[] {
  const last = evidence.after.at(-1);
  const found = [
    ...judgeActivation(evidence),
    ...(last ? judgeOutcomes(evidence.before, last) : []),
    ...judgeUnits(evidence),
  ];
  const allowed = new Set(evidence.allowed);
  return found.map((one) => (allowed.has(one.id) ? { ...one, allowed: true as const } : one));
}

/** What decides against the new system. */
export function isDecisive({ allowed }: Breakage): boolean {
  return allowed !== true;
}

/**
 * 4 says that some unit is not well, whichever, also one that was not before: the units themselves are judged. With any
 * other status something of the activation itself was not done (2: a snippet of the activation script failed).
 */
function judgeActivation({ activation }: Evidence): Breakage[] {
  if (!activation || activation.exit === 0 || activation.exit === 4) return [];
  const meanings: { readonly [exit: number]: string } = {
    1: 'it refused to, or failed before it had activated anything',
    2: 'the activation script failed',
    100: 'it cannot be done without a reboot',
  };
  const meaning = meanings[activation.exit] ?? 'it died';
  const said = activation.output.trim().split('\n').at(-1) ?? '';
  const message = `switch-to-configuration ended with exit status ${activation.exit}: ${meaning}`;
  return [{ id: 'activation', kind: 'activation', message: said === '' ? message : `${message}: ${said}` }];
}

function judgeOutcomes(before: Run, after: Run): Breakage[] {
  const earlier = new Map(before.outcomes.map((outcome) => [outcome.id, outcome]));
  return after.outcomes.flatMap((outcome) => {
    const passed = earlier.get(outcome.id)?.status === 'passed';
    return passed && outcome.severity === 'error' && !isWaived(outcome) ? judgeOutcome(outcome) : [];
  });
}

function judgeOutcome(outcome: Outcome): Breakage[] {
  const { id, status, message } = outcome;
  const unit = unitOf(outcome);
  const about = { id, message: message.split('\n', 1)[0] ?? '', ...(unit !== undefined && { unit }) };
  if (status === 'failed') return [{ ...about, kind: 'failed' }];
  // Skipped in between can only be for what it needs, which did not pass.
  return status === 'passed' ? [] : [{ ...about, kind: 'lost' }];
}

/** Of most resources it is not known which unit is behind them. */
function unitOf({ resource, subject }: Pick<Outcome, 'resource' | 'subject'>): string | undefined {
  if (resource !== 'unit' || subject.includes('*')) return undefined;
  return subject.includes('.') ? subject : `${subject}.service`;
}

function judgeUnits({ before, units, after }: Evidence): Breakage[] {
  const asserted = new Set([before, ...after].flatMap(({ outcomes }) => outcomes.flatMap((one) => unitOf(one) ?? [])));
  const earlier = new Map(units.before.map((unit) => [unit.name, unit]));
  const settled = new Map((units.settled ?? []).map((unit) => [unit.name, unit]));
  const latest = units.soaked ?? units.settled ?? [];
  return latest.flatMap((unit): Breakage[] => {
    const was = earlier.get(unit.name);
    if (asserted.has(unit.name) || (was && isUnwell(was))) return [];
    const id = `unit ${unit.name}`;
    if (unit.active === 'failed') {
      const message = `it is failed (${unit.result}), and was ${was ? was.active : 'not there'} before`;
      return [{ id, kind: 'unit-failed', message, unit: unit.name }];
    }
    const grown = unit.restarts - (settled.get(unit.name)?.restarts ?? 0);
    if (crashes(unit) && (unit.sub === 'auto-restart' || grown > 0)) {
      const message = `systemd starts it again and again: ${countOf(unit.restarts, 'time')} so far (${unit.result})`;
      return [{ id, kind: 'unit-restarts', message, unit: unit.name }];
    }
    return [];
  });
}

/** Failed, or in a crash loop: nothing new is to be read from it. */
function isUnwell(unit: UnitState): boolean {
  return unit.active === 'failed' || (unit.sub === 'auto-restart' && crashes(unit));
}

/** With `Restart=always` a service that ends well is started again too, which is no fault. */
function crashes({ result }: UnitState): boolean {
  return result !== 'success' && result !== '';
}
