import t from 'tap';
import type { Outcome } from '../../src/model.js';
import { type Evidence, findBreakages, isDecisive, type UnitState } from '../../src/switch/decide.js';
import { makeOutcome, makeRun } from './make-run.js';

const id = 'http https://a/ status equal';
const failed = { status: 'failed', message: 'is 502, expected 200\nmore' } as const;

type Row = readonly [what: string, before: Partial<Outcome>, after: Partial<Outcome>, expected: readonly string[]];

const outcomes: readonly Row[] = [
  ['passed, and passes', {}, {}, []],
  ['passed, and fails', {}, failed, ['failed is 502, expected 200']],
  ['passed, and is unknown', {}, { status: 'unknown', message: 'could not look' }, ['lost could not look']],
  ['passed, and what it needs does not', {}, { status: 'skipped', message: 'needs unit a' }, ['lost needs unit a']],
  ['failed before', failed, failed, []],
  ['unknown before', { status: 'unknown' }, failed, []],
  ['skipped before', { status: 'skipped' }, failed, []],
  ['a warning', { severity: 'warning' }, { ...failed, severity: 'warning' }, []],
  ['waived', {}, { ...failed, waived: { reason: 'known', until: '2099-01-01' } }, []],
  [
    'waived, but over',
    {},
    { ...failed, waived: { reason: 'known', until: '2020-01-01', expired: true } },
    ['failed is 502, expected 200'],
  ],
];

for (const [what, before, after, expected] of outcomes) {
  t.test(`an assertion ${what}`, async (t) => {
    const found = findBreakages(evidence({ before: [before], after: [after] }));
    t.strictSame(
      found.map(({ kind, message }) => `${kind} ${message}`),
      expected,
    );
  });
}

t.test('the last look decides: what came back is well, what broke late is not', async (t) => {
  const run = (rest: Partial<Outcome>) => makeRun([makeOutcome(id, rest)]);
  const judge = (first: Partial<Outcome>, second: Partial<Outcome>) =>
    findBreakages({ before: run({}), after: [run(first), run(second)], units: { before: [] }, allowed: [] }).length;
  t.equal(judge(failed, {}), 0);
  t.equal(judge({}, failed), 1);
});

const well: UnitState = { name: 'a.service', active: 'active', sub: 'running', result: 'success', restarts: 0 };
const broken: UnitState = { ...well, active: 'failed', sub: 'failed', result: 'exit-code' };
const looping: UnitState = { ...well, active: 'activating', sub: 'auto-restart', result: 'exit-code', restarts: 4 };
const crashed: UnitState = { ...well, result: 'exit-code' };

const units: readonly (readonly [string, Evidence['units'], readonly string[]])[] = [
  ['well', { before: [well], settled: [well], soaked: [well] }, []],
  ['fails', { before: [well], settled: [broken] }, ['unit-failed it is failed (exit-code), and was active before']],
  [
    'fails late',
    { before: [well], settled: [well], soaked: [broken] },
    ['unit-failed it is failed (exit-code), and was active before'],
  ],
  [
    'is new, and fails',
    { before: [], settled: [broken] },
    ['unit-failed it is failed (exit-code), and was not there before'],
  ],
  ['failed before', { before: [broken], settled: [broken] }, []],
  ['got over it', { before: [well], settled: [broken], soaked: [well] }, []],
  [
    'crash loop',
    { before: [well], settled: [looping] },
    ['unit-restarts systemd starts it again and again: 4 times so far (exit-code)'],
  ],
  ['crash loop before', { before: [looping], settled: [looping], soaked: [{ ...looping, restarts: 9 }] }, []],
  [
    'restarted while nobody looked',
    { before: [well], settled: [crashed], soaked: [{ ...crashed, restarts: 1 }] },
    ['unit-restarts systemd starts it again and again: 1 time so far (exit-code)'],
  ],
  [
    'crashed once, and stays',
    { before: [well], settled: [{ ...crashed, restarts: 1 }], soaked: [{ ...crashed, restarts: 1 }] },
    [],
  ],
  ['ends well and starts again', { before: [well], settled: [well], soaked: [{ ...well, restarts: 3 }] }, []],
  ['could not be asked', { before: [well] }, []],
];

for (const [what, states, expected] of units) {
  t.test(`a unit: ${what}`, async (t) => {
    const found = findBreakages(evidence({ units: states }));
    t.strictSame(
      found.map(({ kind, message }) => `${kind} ${message}`),
      expected,
    );
    for (const one of found) t.match(one, { id: 'unit a.service', unit: 'a.service' });
  });
}

t.test('what the spec says about a unit decides over systemd', async (t) => {
  const warned = makeOutcome('unit a active equal', { severity: 'warning', status: 'failed' });
  const found = findBreakages({
    ...{ before: makeRun([warned]), after: [makeRun([warned])], allowed: [] },
    units: { before: [well], settled: [broken] },
  });
  t.strictSame(found, []);
});

const activations: readonly (readonly [number, string, string | undefined])[] = [
  [0, '', undefined],
  [4, 'warning: the following units failed: a.service\n', undefined],
  [
    1,
    'Pre-switch checks failed\n',
    'switch-to-configuration ended with exit status 1: it refused to, or failed before it had activated anything: Pre-switch checks failed',
  ],
  [2, '', 'switch-to-configuration ended with exit status 2: the activation script failed'],
  [100, '', 'switch-to-configuration ended with exit status 100: it cannot be done without a reboot'],
  [11, 'Could not acquire lock', 'switch-to-configuration ended with exit status 11: it died: Could not acquire lock'],
];

for (const [exit, output, expected] of activations) {
  t.test(`activation ends with ${exit}`, async (t) => {
    t.equal(findBreakages(evidence({ activation: { exit, output } }))[0]?.message, expected);
  });
}

t.test('what is allowed is told, and decides nothing', async (t) => {
  const found = findBreakages({ ...evidence({ after: [failed] }), allowed: [id] });
  t.match(found, [{ id, allowed: true }]);
  t.strictSame(found.filter(isDecisive), []);
});

function evidence(given: {
  readonly before?: readonly Partial<Outcome>[];
  readonly after?: readonly Partial<Outcome>[];
  readonly units?: Evidence['units'];
  readonly activation?: Evidence['activation'];
}): Evidence {
  const run = (rows: readonly Partial<Outcome>[] = [{}]) => makeRun(rows.map((row) => makeOutcome(id, row)));
  return {
    before: run(given.before),
    after: [run(given.after)],
    units: given.units ?? { before: [] },
    ...(given.activation && { activation: given.activation }),
    allowed: [],
  };
}
