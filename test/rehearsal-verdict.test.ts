import t from 'tap';
import type { RehearsalStep, UnitOnTheWay } from '../src/model.js';
import { describeRehearsal, exitCodeOfRehearsal } from '../src/rehearsal-verdict.js';
import { exampleResult } from './fixture/example-result.js';

const [template] = exampleResult.runs;
if (!template) throw new Error('no run');
const run = (stage: string, status: 'passed' | 'failed') => {
  const [outcome] = template.outcomes;
  if (!outcome) throw new Error('no outcome');
  return { ...template, id: stage, target: 'vm', stage, problems: [], outcomes: [{ ...outcome, status }] };
};
const step = (stage: string, more: Partial<RehearsalStep> = {}): RehearsalStep => ({
  ...{ stage, action: 'x', status: 'done', message: '', seconds: 1, output: '', units: [], run: stage },
  ...more,
});
const unit = (kind: UnitOnTheWay['kind'], asserted = false): UnitOnTheWay => ({
  ...{ name: 'app.service', kind, failures: 1, messages: [], asserted },
});
const [before, good, bad] = [run('before', 'passed'), run('switched', 'passed'), run('switched', 'failed')];
const [first, second] = [step('before'), step('switched')];
const no = 'the upgrade does not hold: ';

for (const [name, steps, runs, code, words] of [
  ['all is well', [first, second], [before, good], 0, 'the upgrade holds'],
  ['it was wrong before', [first, second], [run('before', 'failed'), good], 0, 'the upgrade holds'],
  ['an assertion fails after', [first, second], [before, bad], 1, `${no}vm+switched: 1 failed`],
  [
    'a unit breaks',
    [first, step('switched', { units: [unit('broken')] })],
    [before, good],
    1,
    `${no}app.service breaks on the way`,
  ],
  [
    'the spec has a word on it',
    [first, step('switched', { units: [unit('broken', true)] })],
    [before, good],
    0,
    'the upgrade holds',
  ],
  [
    'a unit got over it',
    [first, step('switched', { units: [unit('stumbled')] })],
    [before, good],
    0,
    'the upgrade holds',
  ],
  [
    'it failed before too',
    [first, step('switched', { units: [unit('failing')] })],
    [before, good],
    0,
    'the upgrade holds',
  ],
  [
    'units that fail before anything was done',
    [step('before', { units: [unit('broken')] }), second],
    [before, good],
    0,
    'the upgrade holds',
  ],
  ['the switch fails', [first, step('switched', { status: 'failed' })], [before, good], 1, `${no}switched went wrong`],
  [
    'one way is not possible',
    [first, step('switched', { status: 'skipped' }), step('rebooted')],
    [before, run('rebooted', 'passed')],
    0,
    'the upgrade holds',
  ],
  [
    'no way is possible',
    [first, step('switched', { status: 'skipped' })],
    [before],
    2,
    'whether the upgrade holds is not known: not all could be found out',
  ],
  [
    'no journal',
    [first, step('switched', { unknown: 'no journal' })],
    [before, good],
    2,
    'whether the upgrade holds is not known: not all could be found out',
  ],
] as const) {
  t.test(name, async (t) => {
    const rehearsed = { steps, runs, comparisons: [] };
    t.equal(exitCodeOfRehearsal(rehearsed), code);
    t.equal(describeRehearsal(rehearsed), words);
  });
}
