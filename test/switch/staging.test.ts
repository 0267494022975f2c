import t from 'tap';
import type { Run, Target } from '../../src/model.js';
import { findStaging, judgeStaging } from '../../src/switch/staging.js';
import { makeOutcome, makeRun } from './make-run.js';

const now = new Date('2026-11-23T12:00:00Z');
const ok = [makeOutcome('unit a active')];
const bad = [makeOutcome('unit a active', { status: 'failed' })];
const unknown = [makeOutcome('unit a active', { status: 'unknown' })];

function run(hours: number, rest: Partial<Run> = {}): Run {
  const started = new Date(now.getTime() - hours * 3_600_000).toISOString();
  return makeRun(ok, {
    id: `${hours}h-vm`,
    target: 'vm',
    started,
    system: { path: '/nix/store/of-the-vm' },
    vm: { runner: 'x', accelerated: true },
    ...rest,
  });
}

function vm(toplevel: string) {
  return { runner: 'x86_64-linux', toplevel, accelerated: true };
}

const rows: readonly (readonly [string, readonly Run[], string | undefined, string])[] = [
  ['no run', [], '/nix/store/new', 'missing: there is no run of vm yet'],
  ['of it, passed', [run(30, { vm: vm('/nix/store/new') })], '/nix/store/new', 'passed 30h-vm'],
  [
    'of it, passed, and later another one failed',
    [run(3, { vm: vm('/nix/store/new') }), run(2, { vm: vm('/nix/store/other'), outcomes: bad })],
    '/nix/store/new',
    'passed 3h-vm',
  ],
  [
    'of it, failed',
    [run(3, { vm: vm('/nix/store/new'), outcomes: bad })],
    '/nix/store/new',
    'failed: the run of vm of 3 h ago failed (3h-vm)',
  ],
  [
    'of it, unknown',
    [run(3, { vm: vm('/nix/store/new'), outcomes: unknown })],
    '/nix/store/new',
    'failed: the run of vm of 3 h ago left something unknown (3h-vm)',
  ],
  [
    'of another one',
    [run(2, { vm: vm('/nix/store/other') })],
    '/nix/store/new',
    'other: the last run of vm, 2 h ago, was of another configuration (/nix/store/other)',
  ],
  [
    'of a real machine that runs it',
    [makeRun(ok, { id: '2h-vm', system: { path: '/nix/store/new' } })],
    '/nix/store/new',
    'passed 2h-vm',
  ],
  [
    'not known of which, and fresh',
    [run(2)],
    '/nix/store/new',
    'passed 2h-vm; it is not known whether the last run of vm, 2 h ago, was of this very configuration',
  ],
  [
    'not known of which, and old',
    [run(48)],
    '/nix/store/new',
    'old: the last run of vm is 2 d old, and it is not known of which configuration it was',
  ],
  [
    'a deployer, fresh',
    [run(1, { vm: vm('/nix/store/new') })],
    undefined,
    'passed 1h-vm; it is not known whether the last run of vm, 1 h ago, was of this very configuration',
  ],
  [
    'a deployer, fresh, failed',
    [run(1, { outcomes: bad })],
    undefined,
    'failed: the run of vm of 1 h ago failed (1h-vm)',
  ],
];

for (const [what, runs, next, expected] of rows) {
  t.test(what, async (t) => {
    const verdict = judgeStaging({ staging: 'vm', runs, now, ...(next !== undefined && { next }) });
    const said =
      verdict.status === 'passed'
        ? [`passed ${verdict.run.id}`, ...verdict.notes].join('; ')
        : verdict.status === 'none'
          ? 'none'
          : `${verdict.status}: ${verdict.message}`;
    t.equal(said, expected);
  });
}

t.test('which target is staging', async (t) => {
  const target = (name: string, rest: Partial<Target> = {}): Target => ({ name, from: 'runner', ...rest });
  const find = (...targets: readonly Target[]) =>
    findStaging(targets[0] ?? target(''), new Map(targets.map((one) => [one.name, one])))?.name;
  t.equal(
    find(target('production', { compareWith: 'staging' }), target('staging'), target('vm', { vm: {} })),
    'staging',
  );
  t.equal(find(target('production'), target('vm', { vm: {} })), 'vm');
  t.equal(find(target('production'), target('a', { vm: {} }), target('b', { vm: {} })), undefined);
  t.equal(find(target('production', { compareWith: 'production' }), target('other')), undefined);
  t.equal(judgeStaging({ runs: [], now }).status, 'none');
});
