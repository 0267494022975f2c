import type { Target } from '../model.js';
import { quoteWord } from '../shell/sh.js';
import { printable } from '../terminal.js';
import { armRequest, leaseSeconds } from './arming.js';
import { buildCommand, copyCommand } from './build-system.js';
import { listUnits, readJournalSince } from './look-at-units.js';
import { bootSeconds, type SwitchPlan } from './plan.js';
import type { SystemSource } from './source.js';
import type { Step } from './state.js';
import { arm } from './target/arm.js';
import { disarm, extend } from './target/guard.js';
import { inspectTarget } from './target/inspect.js';
import { adoptNext, enterCommand, followJob, startJob } from './target/job.js';
import { reboot } from './target/reboot.js';
import { followRollback, startRollback } from './target/rollback.js';
import { takeSnapshot } from './target/snapshot.js';

/** What is not known before it is built. */
const toBe = '/nix/store/00000000000000000000000000000000-the-new-system';
const oldToBe = '/nix/store/00000000000000000000000000000000-what-ran-before';

export interface DryRun {
  readonly target: Target;
  readonly source: SystemSource;
  readonly plan: SwitchPlan;
  readonly sshConfig?: string;
}

/**
 * Every command that a switch would run, in order, as it would be sent; nothing is asked of anybody.
 * The verifications are those of `nixspec plan`.
 */
export function describeDryRun({ target, source, plan, sshConfig }: DryRun): string {
  const { id, snapshots } = plan;
  const next = source.kind === 'closure' ? source.path : toBe;
  const there = (step: Step<unknown>, when = '') => describe(`on ${target.name}: ${step.name}${when}`, step.script.raw);
  const here = (what: string, words: readonly string[], env: { readonly [name: string]: string } = {}) => {
    const set = Object.entries(env).map(([name, value]) => `${name}=${quoteWord(value)}`);
    return describe(`here: ${what}`, [...set, ...words.map(showWord)].join(' '));
  };
  const wrapped = source.kind === 'command';
  const copied = wrapped ? undefined : copyCommand(next, target, sshConfig);
  const verify = (when: string) =>
    describe(`on ${target.name} and from here: verify ${when}`, `nixspec plan ${quoteWord(target.name)} shows it`);
  const seconds = leaseSeconds(plan);
  const request = armRequest({ ...plan, ...(!wrapped && { next }) });
  const parts = [
    source.kind === 'flake' &&
      here('build the new system', ['nix', ...buildCommand(...splitReference(source.reference))]),
    there(inspectTarget(wrapped ? undefined : next)),
    copied && here('copy it, where it is not there yet', ['nix', ...copied.args], copied.env),
    verify('before'),
    there(listUnits()),
    ...snapshots.map((entry) => there(takeSnapshot(id, entry))),
    there(arm(request)),
    there(extend(id, seconds), ', again and again, as long as nixspec lives'),
    ...(source.kind === 'command'
      ? [there(enterCommand(id)), here('the deployer', source.words), there(adoptNext(id, next))]
      : plan.reboot
        ? [
            there(startJob(id, 'boot-once', next, bootSeconds(plan)), ' (where nothing in it needs a reboot: test)'),
            there(followJob(id)),
            there(reboot(id)),
            there(inspectTarget(), ', over new connections, until it is up again'),
            there(arm({ ...request, restore: { current: oldToBe, profile: oldToBe } }), ' again'),
          ]
        : [there(startJob(id, 'test', next)), there(followJob(id))]),
    verify('when the units have settled'),
    verify(`after the soak of ${plan.soak} s`),
    there(startJob(id, 'keep', next), ', where nothing broke'),
    there(disarm(id)),
    there(readJournalSince('CURSOR', ['UNIT']), ', where something broke'),
    there(
      startRollback(id),
      `, where something broke: what the armed timer starts too${plan.reboot ? '; it ends with a second reboot' : ''}`,
    ),
    there(followRollback(id)),
    verify('the rollback'),
  ];
  return `${parts.filter(Boolean).join('\n')}`;
}

function splitReference(reference: string): readonly [string, string] {
  const [flake = '', host] = reference.split('#', 2);
  return [flake === '' ? '.' : flake, host ?? 'HOST'];
}

/** As a person would type it: `quoteWord` is careful with what begins like an option, which here is one. */
function showWord(word: string): string {
  return /^--?[a-z-]+$/.test(word) ? word : quoteWord(word);
}

function describe(title: string, text: string): string {
  return `# ${printable(title)}\n${printable(text.trim(), { lines: true })}\n`;
}
