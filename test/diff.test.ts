import t from 'tap';
import { compareRuns } from '../src/diff.js';
import type { Fact, Outcome, Run } from '../src/model.js';

function outcome(status: Outcome['status'], actual?: Outcome['actual'], more: Partial<Outcome> = {}): Outcome {
  return {
    id: 'unit a.service state equal',
    resource: 'unit',
    subject: 'a.service',
    property: 'state',
    matcher: 'equal',
    type: 'string',
    expected: 'active',
    status,
    severity: 'error',
    message: status === 'passed' ? '' : 'because',
    looks: 1,
    position: { file: 'nixspec.yaml', line: 1, column: 1 },
    ...(actual !== undefined && { actual }),
    ...more,
  };
}

function run(id: string, outcomes: readonly Outcome[], facts: readonly Fact[] = []): Run {
  const time = '2026-11-23T00:00:00.000Z';
  return {
    format: 1,
    id,
    target: id,
    reached: '',
    started: time,
    finished: time,
    system: {},
    facts,
    outcomes,
    problems: [],
  };
}

function kinds(before: readonly Outcome[], after: readonly Outcome[]): string[] {
  return compareRuns(run('vm', before), run('production', after)).changes.map(({ kind }) => kind);
}

const is = (status: Outcome['status'], actual?: Outcome['actual'], more?: Partial<Outcome>) => [
  outcome(status, actual, more),
];

t.test('every pair of verdicts', async (t) => {
  const rows: readonly (readonly [string, Outcome[], Outcome[], string[]])[] = [
    ['broke', is('passed', 'a'), is('failed', 'b'), ['broke']],
    ['fixed', is('failed', 'b'), is('passed', 'a'), ['fixed']],
    ['lost what had passed', is('passed', 'a'), is('unknown'), ['lost']],
    ['lost what had failed', is('failed', 'b'), is('unknown'), ['lost']],
    ['found to hold', is('unknown'), is('passed', 'a'), ['found']],
    ['found not to hold', is('unknown'), is('failed', 'b'), ['found']],
    ['same verdict and value', is('passed', 'a'), is('passed', 'a'), []],
    ['both unknown', is('unknown'), is('unknown'), []],
    ['same verdict, other value', is('passed', 3), is('passed', 4), ['drifted']],
    ['failed both times with other values', is('failed', 3), is('failed', 4), ['drifted']],
    ['one side absent', is('failed', 3), is('failed'), ['drifted']],
    ['a volatile value never drifts', is('passed', 3, { volatile: true }), is('passed', 4, { volatile: true }), []],
    ['but breaks', is('passed', 3, { volatile: true }), is('failed', 4, { volatile: true }), ['broke']],
    [
      'differs because the spec says so',
      is('passed', 'x', { perTarget: true }),
      is('passed', 'y', { perTarget: true }),
      ['intended'],
    ],
    [
      'said per target, and breaks',
      is('passed', 'x', { perTarget: true }),
      is('failed', 'y', { perTarget: true }),
      ['broke'],
    ],
    ['added', [], is('passed', 'a'), ['added']],
    ['removed', is('passed', 'a'), [], ['removed']],
    ['skipped now: it says nothing about the machine', is('passed', 'a'), is('skipped'), ['removed']],
    ['skipped before', is('skipped'), is('passed', 'a'), ['added']],
    ['skipped both times', is('skipped'), is('skipped'), []],
    ['lists compare deeply', is('passed', ['a', 'b']), is('passed', ['a', 'b']), []],
  ];
  for (const [name, before, after, expected] of rows) t.same(kinds(before, after), expected, name);
});

t.test('a change says what it is about, in JSON keys that are fixed', async (t) => {
  const { changes, from, to } = compareRuns(run('vm', is('passed', 'a')), run('production', is('failed', 'b')));
  t.same([from, to], ['vm', 'production']);
  t.same(changes, [
    {
      kind: 'broke',
      resource: 'unit',
      subject: 'a.service',
      property: 'state',
      id: 'unit a.service state equal',
      type: 'string',
      severity: 'error',
      before: 'a',
      after: 'b',
      message: 'because',
    },
  ]);
});

t.test('facts that nothing asserts drift by their address; asserted and volatile ones do not', async (t) => {
  const fact = (property: string, value: string, more: Partial<Fact> = {}): Fact => ({
    resource: 'system',
    subject: '',
    property,
    status: 'known',
    value,
    ...more,
  });
  const asserted = [outcome('passed', 'x', { resource: 'system', subject: '', property: 'headers.date', id: 'h' })];
  const before = run('a', asserted, [
    fact('kernel', '6.1'),
    fact('load', '1', { volatile: true }),
    fact('headers', '1'),
    fact('gone', '1'),
    { resource: 'system', subject: '', property: 'odd', status: 'unknown', reason: 'no right' },
  ]);
  const after = run('b', asserted, [
    fact('kernel', '6.12'),
    fact('load', '2', { volatile: true }),
    fact('headers', '2'),
    fact('odd', '1'),
    fact('new', '1'),
  ]);
  t.same(compareRuns(before, after).changes, [
    { kind: 'drifted', resource: 'system', subject: '', property: 'kernel', before: '6.1', after: '6.12' },
  ]);
});

t.test('ten thousand outcomes compare at once', async (t) => {
  const many = (status: Outcome['status']) =>
    Array.from({ length: 10_000 }, (_, at) => outcome(status, at, { id: `id ${at}` }));
  t.equal(compareRuns(run('a', many('passed')), run('b', many('failed'))).changes.length, 10_000);
});

t.test('skipped for what it needs is lost; skipped by the spec is as if it were not there', async (t) => {
  const passed = outcome('passed', 'active');
  const unmet = outcome('skipped', undefined, { unmetNeed: 'unit b.service', message: 'needs unit b.service' });
  t.same(kinds([passed], [unmet]), ['lost']);
  t.same(kinds([unmet], [passed]), ['found']);
  t.same(kinds([unmet], [unmet]), []);
  t.same(kinds([passed], [outcome('skipped')]), ['removed']);
});

t.test('a waived failure is compared as a warning', async (t) => {
  const waived = { reason: 'see 42', until: '2027-01-31' };
  const passed = outcome('passed', 'active');
  const severity = (after: Outcome) => compareRuns(run('a', [passed]), run('b', [after])).changes[0]?.severity;
  t.equal(severity(outcome('failed', 'failed', { waived })), 'warning');
  t.equal(severity(outcome('failed', 'failed', { waived: { ...waived, expired: true } })), 'error');
});

t.test('how many were judged in both', async (t) => {
  const other = outcome('passed', 'x', { id: 'other' });
  const count = (before: Outcome[], after: Outcome[]) => compareRuns(run('a', before), run('b', after)).compared;
  t.equal(count([outcome('passed'), other], [other]), 1);
  t.equal(count([outcome('passed')], [other]), 0);
  t.equal(count([outcome('skipped')], [outcome('passed')]), 0);
});

t.test('two machines with different processors', async (t) => {
  const on = (id: string, architecture?: string): Run => ({
    ...run(id, is('passed', 'a')),
    system: architecture === undefined ? {} : { architecture },
  });
  const compared = (before?: string, after?: string) =>
    compareRuns(on('vm', before), on('production', after)).architectures;
  t.strictSame(compared('x86_64', 'aarch64'), { from: 'x86_64', to: 'aarch64' });
  t.equal(compared('x86_64', 'x86_64'), undefined);
  t.equal(compared(undefined, 'x86_64'), undefined, 'unknown is not different');
  t.equal(compared('x86_64', undefined), undefined);
});
