import t from 'tap';
import { applyExpectation, loadMatchers } from '../src/matcher.js';
import type { PartlyKnown, Value } from '../src/model.js';
import { judgePartlyKnown } from '../src/partly-known.js';
import { showValue } from '../src/value.js';
import { readExpectation } from './matchers/read-expectation.js';

const matchers = await loadMatchers();

function verdictOf(partly: PartlyKnown, written: Value) {
  const type = 'end' in partly ? 'text' : 'number';
  const expectation = readExpectation(matchers, written, { type });
  const match = judgePartlyKnown(partly, expectation, (value, one) =>
    applyExpectation(matchers, showValue, value, { type }, one),
  );
  return match?.verdict ?? 'unknown';
}

const end = { end: 'ready\nworker 3 failed\n' };

t.test('of a text the end is known', async (t) => {
  for (const [written, verdict] of [
    [['ready'], 'passed'],
    [['ready', '/worker [0-9]/'], 'passed'],
    [['started'], 'unknown'],
    [['ready', 'started'], 'unknown'],
    [['!failed'], 'failed'],
    [['!panic'], 'unknown'],
    [['ready', '!panic'], 'unknown'],
    [['started', '!failed'], 'failed'],
    [['!panic', '!failed'], 'failed'],
    [{ not: ['failed'] }, 'failed'],
    [{ not: ['!failed'] }, 'passed'],
    [{ not: ['!panic'] }, 'unknown'],
    [{ 'contain-substring': 'ready\nworker' }, 'passed'],
    [{ 'contain-substring': 'started' }, 'unknown'],
    [{ not: { 'contain-substring': 'started' } }, 'unknown'],
    [{ not: { 'contain-substring': 'ready' } }, 'failed'],
    [{ 'contain-element': 'ready' }, 'passed'],
    [{ 'contain-elements': ['ready', 'started'] }, 'unknown'],
    [{ 'match-regexp': 'worker \\d' }, 'passed'],
    [{ 'match-regexp': '^ready' }, 'unknown'],
    [{ 'match-regexp': 'started' }, 'unknown'],
    ['ready\nworker 3 failed\n', 'unknown'],
    ['', 'unknown'],
    [{ not: '' }, 'unknown'],
    [{ 'have-len': 3 }, 'unknown'],
    [{ 'have-prefix': 'ready' }, 'unknown'],
    [{ and: [['ready'], ['!failed']] }, 'failed'],
    [{ and: [['ready'], ['!panic']] }, 'unknown'],
    [{ and: [['ready'], ['worker']] }, 'passed'],
    [{ or: [['started'], ['ready']] }, 'passed'],
    [{ or: [['started'], ['!failed']] }, 'unknown'],
    [{ or: [['!ready'], ['!failed']] }, 'failed'],
    [{ not: { or: [['ready'], ['started']] } }, 'failed'],
    [{ not: { and: [['!ready'], ['started']] } }, 'passed'],
  ] as const) {
    t.equal(verdictOf(end, written as Value), verdict, JSON.stringify(written));
  }
  t.equal(verdictOf({ end: '' }, ['!panic']), 'unknown', 'nothing is known');
});

t.test('of a number the least is known', async (t) => {
  for (const [atLeast, written, verdict] of [
    [3, 0, 'failed'],
    [3, 3, 'unknown'],
    [3, 4, 'unknown'],
    [0, 0, 'unknown'],
    [3, { not: 0 }, 'passed'],
    [3, { le: 2 }, 'failed'],
    [3, { le: 3 }, 'unknown'],
    [3, { lt: 3 }, 'failed'],
    [3, { ge: 3 }, 'passed'],
    [3, { gt: 3 }, 'unknown'],
    [3, { gt: 2 }, 'passed'],
    [3, { and: [{ gt: 2 }, { lt: 9 }] }, 'unknown'],
    [3, { and: [{ gt: 2 }, { lt: 3 }] }, 'failed'],
    [3, { or: [{ gt: 2 }, { lt: 3 }] }, 'passed'],
  ] as const) {
    t.equal(verdictOf({ atLeast }, written), verdict, `${atLeast} ${JSON.stringify(written)}`);
  }
});
