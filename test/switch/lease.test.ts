import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Lease } from '../../src/switch/lease.js';
import type { Extended } from '../../src/switch/state.js';

interface Asked {
  readonly seconds: number;
}

/** A target that answers as it is told to; the last answer again and again. */
function target(...answers: (Extended | 'away')[]) {
  const asked: Asked[] = [];
  const extend = async (_: string, seconds: number): Promise<Extended> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? 'away';
    asked.push({ seconds });
    if (answer === 'away') throw new Error('away');
    return answer;
  };
  return { asked, machine: { extend } };
}

const hour = () => Date.now() + 3_600_000;

async function until(holds: () => boolean) {
  for (let look = 0; look < 1000 && !holds(); look += 1) await sleep(10);
}

t.test('it is wound up again and again, and not after it was stopped', async (t) => {
  const { asked, machine } = target({ status: 'extended', remaining: 0.4 });
  const lease = new Lease(machine, 'one', { seconds: 0.4, end: hour() }, (reason) => t.fail(reason));
  lease.start(0.01);
  await until(() => asked.length >= 3);
  t.ok(asked.every(({ seconds }) => seconds === 0.4));
  t.ok(lease.until > Date.now() - 1000);
  await lease.stop();
  const before = asked.length;
  await sleep(300);
  t.equal(asked.length, before);
});

t.test('a target that is not reached is asked again', async (t) => {
  const { asked, machine } = target('away', 'away', { status: 'extended', remaining: 9 });
  const lease = new Lease(machine, 'one', { seconds: 0.2, end: hour() }, (reason) => t.fail(reason));
  lease.start(0.01);
  await until(() => lease.until > Date.now() + 5000);
  t.ok(asked.length >= 3);
  await lease.stop();
});

t.test('one that goes back already is told once, and left alone', async (t) => {
  const { asked, machine } = target({ status: 'too-late', reason: 'the rollback has begun' });
  const told: string[] = [];
  const lease = new Lease(machine, 'one', { seconds: 0.1, end: hour() }, (reason) => told.push(reason));
  lease.start(0.01);
  await until(() => told.length > 0);
  await sleep(200);
  t.strictSame(told, ['the rollback has begun']);
  t.equal(asked.length, 1);
  await lease.stop();
});

t.test('beyond the deadline it is not wound', async (t) => {
  const { asked, machine } = target({ status: 'extended', remaining: 60 });
  const lease = new Lease(machine, 'one', { seconds: 0.1, end: Date.now() }, (reason) => t.fail(reason));
  lease.start(0.05);
  await sleep(400);
  t.strictSame(asked, []);
  await lease.stop();
});
