import t from 'tap';
import type { Outcome, OutcomeStatus, Run } from '../src/model.js';
import { applyWaiver, findNeedlessWaivers, isWaived } from '../src/waiver.js';

const waiver = { reason: 'see 42', until: '2026-11-23' };

function outcome(status: OutcomeStatus, message = '', subject = 'a'): Outcome {
  return { id: `${subject} ${status}`, resource: 'unit', subject, status, message } as Outcome;
}

t.test('a failure is waived to the end of the last day, then it counts and says so', async (t) => {
  const rows: readonly (readonly [at: string, OutcomeStatus, waived: boolean, message: string])[] = [
    ['2026-11-22T00:00:00Z', 'failed', true, 'expected true, found false\n-a\n+b'],
    ['2026-11-23T23:59:59Z', 'failed', true, 'expected true, found false\n-a\n+b'],
    ['2026-11-23T23:59:59Z', 'unknown', true, 'expected true, found false\n-a\n+b'],
    [
      '2026-11-24T00:00:00Z',
      'failed',
      false,
      'expected true, found false; it was waived until 2026-11-23 only: see 42\n-a\n+b',
    ],
    [
      '2027-01-01T00:00:00Z',
      'unknown',
      false,
      'expected true, found false; it was waived until 2026-11-23 only: see 42\n-a\n+b',
    ],
  ];
  for (const [at, status, waived, message] of rows) {
    const marked = applyWaiver(outcome(status, 'expected true, found false\n-a\n+b'), waiver, new Date(at));
    t.same([isWaived(marked), marked.message], [waived, message], `${status} at ${at}`);
  }
});

t.test('what passed is marked and not waived; what was skipped, or has no waiver, is left as it is', async (t) => {
  const at = new Date('2026-11-23');
  const passed = applyWaiver(outcome('passed'), waiver, at);
  t.same([passed.waived, isWaived(passed), passed.message], [waiver, false, '']);
  t.equal(applyWaiver(outcome('skipped'), waiver, at).waived, undefined);
  t.equal(applyWaiver(outcome('failed'), undefined, at).waived, undefined);
});

t.test('a waiver is needless when all of its entry passes', async (t) => {
  const at = new Date('2026-11-23');
  const outcomes = [
    outcome('passed', '', 'works'),
    { ...outcome('passed', '', 'works'), id: 'second' },
    outcome('passed', '', 'half'),
    outcome('failed', '', 'half'),
    outcome('skipped', '', 'skipped'),
  ].map((one) => applyWaiver(one, waiver, at));
  const run = { outcomes: [...outcomes, outcome('passed', '', 'plain')] } as unknown as Run;
  t.same(
    findNeedlessWaivers(run).map(({ id }) => id),
    ['works passed'],
  );
});
