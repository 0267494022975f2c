import t from 'tap';
import type { Change, Outcome, Run } from '../src/model.js';
import { countOutcomes, exitCodeOf } from '../src/verdict.js';

function run(rows: readonly (readonly [Outcome['status'], Outcome['severity']?])[], problems: string[] = []): Run {
  const outcomes = rows.map(([status, severity = 'error']) => ({ status, severity }) as Outcome);
  return { outcomes, problems } as unknown as Run;
}

const change = (kind: Change['kind'], severity: 'error' | 'warning' = 'error') => [
  { from: 'a', to: 'b', compared: 1, changes: [{ kind, resource: 'unit', subject: 'a', property: 'state', severity }] },
];

t.test('the exit code', async (t) => {
  const rows: readonly (readonly [string, number, Parameters<typeof exitCodeOf>])[] = [
    ['all passed', 0, [[run([['passed']])], []]],
    ['passed and skipped', 0, [[run([['passed'], ['skipped']])], []]],
    ['one failed', 1, [[run([['passed'], ['failed']])], []]],
    ['failed beats unknown', 1, [[run([['unknown'], ['failed']])], []]],
    ['one unknown', 2, [[run([['passed'], ['unknown']])], []]],
    ['a failure of warning severity', 0, [[run([['passed'], ['failed', 'warning']])], []]],
    ['nothing judged', 2, [[run([])], []]],
    ['all skipped', 2, [[run([['skipped']])], []]],
    ['one of two runs failed', 1, [[run([['passed']]), run([['failed']])], []]],
    ['the program was cut off', 2, [[run([['passed']], ['cut off'])], []]],
    ['broke', 1, [[], change('broke')]],
    ['broke as a warning', 0, [[], change('broke', 'warning')]],
    ['lost', 2, [[], change('lost')]],
    ['drifted', 0, [[], change('drifted')]],
    ['found', 0, [[], change('found')]],
    ['no difference', 0, [[], []]],
    ['nothing in common', 2, [[], [{ from: 'a', to: 'b', compared: 0, changes: [] }]]],
  ];
  for (const [name, expected, args] of rows) t.equal(exitCodeOf(...args), expected, name);
});

t.test('failures of warning severity are counted apart', async (t) => {
  t.same(countOutcomes(run([['passed'], ['failed'], ['failed', 'warning'], ['unknown'], ['skipped']])), {
    passed: 1,
    failed: 1,
    warned: 1,
    waived: 0,
    unknown: 1,
    skipped: 1,
  });
});

t.test('what is waived is counted apart and fails nothing, until the waiver is over', async (t) => {
  const waived = { reason: 'see 42', until: '2027-01-31' };
  const outcome = (status: Outcome['status'], expired = false) =>
    ({ status, severity: 'error', waived: { ...waived, ...(expired && { expired }) } }) as Outcome;
  const rows: readonly (readonly [Outcome, object, number])[] = [
    [outcome('failed'), { waived: 1, failed: 0 }, 0],
    [outcome('unknown'), { waived: 1, unknown: 0 }, 0],
    [outcome('passed'), { waived: 0, passed: 1 }, 0],
    [outcome('failed', true), { waived: 0, failed: 1 }, 1],
  ];
  for (const [one, counts, code] of rows) {
    const judged = { outcomes: [one], problems: [] } as unknown as Run;
    t.match(countOutcomes(judged), counts);
    t.equal(exitCodeOf([judged], []), code);
  }
});
