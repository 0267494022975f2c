import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadMatchers } from '../src/matcher.js';
import type { Entry, EntryOptions, Network, Target, Value } from '../src/model.js';
import { listStages, planRun } from '../src/plan.js';
import { loadResources } from '../src/resource.js';
import { performRun, type RunProgress } from '../src/run.js';
import { type Behaviour, scriptedTransport } from './fixture/scripted-transport.js';

const [resources, matchers] = await Promise.all([loadResources(['command', 'system', 'file']), loadMatchers()]);
const target: Target = { name: 'here', local: true, from: 'runner' };
const network: Network = { from: 'runner', standsIn: false, connect: () => Promise.reject(new Error('unused')) };

function entry(subject: string, expected: Value, options: Partial<EntryOptions> = {}, property = 'exit-status'): Entry {
  const position = { file: 'nixspec.yaml', line: 1, column: 1 };
  return {
    resource: 'command',
    subject,
    params: {},
    options: { tags: [], severity: 'error', within: 0, every: 1, ...options },
    expectations: [
      { path: [property], expectation: { matcher: 'equal', argument: expected }, expected, perTarget: false, position },
    ],
    position,
  };
}

async function run(
  entries: readonly Entry[],
  behaviour: Behaviour = { run: true },
  signal = new AbortController().signal,
  inventory = false,
) {
  const transport = scriptedTransport(behaviour);
  const seen: RunProgress[] = [];
  const result = await performRun({
    target,
    plan: planRun(entries, resources),
    resources,
    matchers,
    ends: { transport, runner: network, target: network, from: 'runner' },
    signal,
    inventory,
    progress: (state) => seen.push(state),
  });
  return { ...result, transport, seen };
}

t.test('one look where nothing is waited for', async (t) => {
  const {
    outcomes,
    facts,
    transport,
    target: name,
    reached,
    system,
    id,
    started,
    finished,
    format,
  } = await run([entry('exit 0', 0), entry('exit 3', 0)]);
  t.same(
    outcomes.map(({ status, actual, looks }) => [status, actual, looks]),
    [
      ['passed', 0, 1],
      ['failed', 3, 1],
    ],
  );
  t.equal(transport.programs.length, 1, 'one program');
  t.same(
    facts.map(({ subject, property, value }) => [subject, property, value]),
    [
      ['exit 0', 'exit-status', 0],
      ['exit 3', 'exit-status', 3],
    ],
    'what every run asks beside its spec is no fact of it',
  );
  t.same([format, name, reached], [1, 'here', 'a test']);
  t.match(id, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-here$/);
  t.ok(Date.parse(finished) >= Date.parse(started));
  t.type(system.hostname, 'string');
});

t.test('what becomes true in time passes late, and only it is asked again', async (t) => {
  const file = join(t.testdir(), 'ready');
  setTimeout(() => writeFileSync(file, ''), 1500);
  const { outcomes, facts, transport, seen } = await run([
    entry(`test -e ${file}`, 0, { within: 30, every: 0.3 }),
    entry('echo once', 0),
    entry('exit 1', 0),
  ]);
  const [late, once, failed] = outcomes;
  t.match(late, { status: 'passed', message: /^after \d looks$/ });
  t.ok((late?.looks ?? 0) > 1);
  t.match(once, { status: 'passed', looks: 1, message: '' });
  t.match(failed, { status: 'failed', looks: 1 });
  t.equal(facts[0]?.value, 0, 'the fact is that of the last look');
  t.equal(transport.programs.length, late?.looks);
  for (const program of transport.programs.slice(1)) t.notMatch(program, 'echo once', 'what passed is not asked again');
  t.ok(seen.some(({ waitingFor }) => waitingFor === 1));
});

t.test('what does not become true fails, at its deadline and with its looks', async (t) => {
  const begin = Date.now();
  const { outcomes } = await run([entry('exit 1', 0, { within: 1, every: 0.4 })]);
  t.match(outcomes[0], { status: 'failed', message: /\(after \d looks\)$/ });
  t.ok(Date.now() - begin >= 800 && Date.now() - begin < 5000, `${Date.now() - begin} ms`);
});

t.test('what is skipped is not asked', async (t) => {
  const { outcomes, transport } = await run([
    entry('touch /never', 0, { skip: 'not now', within: 5 }),
    entry('true', 0),
  ]);
  t.match(outcomes[0], { status: 'skipped', message: 'not now', looks: 0 });
  t.notMatch(transport.programs[0], 'never');
});

t.test('what is needed is looked at first; what needs it is skipped when it did not pass', async (t) => {
  const { outcomes, transport, facts } = await run([
    { ...entry('echo above', 0), needs: ['command exit 1'] },
    entry('exit 0', 0),
    entry('exit 1', 0),
    { ...entry('echo first', 0), needs: ['command exit 0'] },
    { ...entry('echo second', 0), needs: ['command echo first', 'command exit 0'] },
    { ...entry('echo never', 0), needs: ['command exit 0', 'command exit 1'] },
    { ...entry('echo below', 0), needs: ['command echo never'] },
    { ...entry('echo far', 0), needs: ['unit elsewhere.service'] },
    { ...entry('echo skipped', 0), needs: ['command echo left'] },
    entry('echo left', 0, { skip: 'not now' }),
  ]);
  t.same(
    outcomes.map(({ subject, status, message, unmetNeed, looks }) => [subject, status, message, unmetNeed, looks]),
    [
      ['echo above', 'skipped', 'needs command exit 1, which did not pass', 'command exit 1', 0],
      ['exit 0', 'passed', '', undefined, 1],
      ['exit 1', 'failed', 'expected 0, found 1', undefined, 1],
      ['echo first', 'passed', '', undefined, 1],
      ['echo second', 'passed', '', undefined, 1],
      ['echo never', 'skipped', 'needs command exit 1, which did not pass', 'command exit 1', 0],
      ['echo below', 'skipped', 'needs command echo never, which did not pass', 'command echo never', 0],
      [
        'echo far',
        'skipped',
        'needs unit elsewhere.service, which is not for this target',
        'unit elsewhere.service',
        0,
      ],
      ['echo skipped', 'skipped', 'needs command echo left, which did not pass', 'command echo left', 0],
      ['echo left', 'skipped', 'not now', undefined, 0],
    ],
  );
  t.equal(transport.programs.length, 3, 'one program for each step');
  const all = transport.programs.join('\n');
  for (const word of ['above', 'never', 'below', 'far', 'skipped'])
    t.notMatch(all, `echo ${word}`, `${word} was not run`);
  t.same(
    facts.map(({ subject }) => subject),
    ['exit 0', 'exit 1', 'echo first', 'echo second'],
  );
});

t.test('what needs something that passes late has its own time from then on', async (t) => {
  const folder = t.testdir();
  const [ready, done] = [join(folder, 'ready'), join(folder, 'done')];
  setTimeout(() => writeFileSync(ready, ''), 700);
  setTimeout(() => writeFileSync(done, ''), 2200);
  const { outcomes } = await run([
    { ...entry(`test -e ${done}`, 0, { within: 5, every: 0.2 }), needs: [`command test -e ${ready}`] },
    entry(`test -e ${ready}`, 0, { within: 1.5, every: 0.2 }),
  ]);
  t.match(outcomes, [{ status: 'passed' }, { status: 'passed' }]);
  t.ok((outcomes[0]?.looks ?? 0) > 1);
});

t.test('a lost connection: what needs more is skipped, what was not looked at is unknown', async (t) => {
  const { outcomes } = await run(
    [entry('sleep 2', 0, { within: 30 }), { ...entry('true', 0), needs: ['command sleep 2'] }],
    { run: true, cutAfterBytes: 120 },
  );
  t.match(outcomes, [{ status: 'unknown' }, { status: 'skipped', unmetNeed: 'command sleep 2' }]);
});

t.test('a waived failure is marked', async (t) => {
  const { outcomes } = await run([
    entry('exit 1', 0, { waive: { reason: 'see 42', until: '9999-12-31' } }),
    entry('exit 2', 0, { waive: { reason: 'see 43', until: '2001-01-01' } }),
  ]);
  t.match(outcomes, [
    { status: 'failed', message: 'expected 0, found 1', waived: { reason: 'see 42' } },
    {
      status: 'failed',
      message: 'expected 0, found 2; it was waived until 2001-01-01 only: see 43',
      waived: { expired: true },
    },
  ]);
});

t.test('a lost connection ends the waiting: nothing more can come', async (t) => {
  const begin = Date.now();
  const { outcomes, problems } = await run([entry('sleep 2', 0, { within: 30 })], { run: true, cutAfterBytes: 120 });
  t.equal(problems.length, 1);
  t.match(outcomes[0], { status: 'unknown' });
  t.ok(Date.now() - begin < 10_000);
});

t.test('Ctrl-C while waiting', async (t) => {
  const ending = new AbortController();
  setTimeout(() => ending.abort(), 500);
  await t.rejects(run([entry('exit 1', 0, { within: 60, every: 30 })], { run: true }, ending.signal), {
    code: 'interrupted',
  });
});

t.test('plan: equal questions are one, ids are unique', async (t) => {
  const { assertions, queries } = planRun(
    [
      entry('true', 0),
      entry('true', '', {}, 'stdout'),
      entry('true', 0),
      { ...entry('true', 0), params: { user: 'app' } },
    ],
    resources,
  );
  t.same(
    queries.map(({ subject, params, wanted }) => [subject, params, [...wanted]]),
    [
      ['true', {}, ['exit-status', 'stdout']],
      ['true', { user: 'app' }, ['exit-status']],
    ],
  );
  t.same(
    assertions.map(({ id }) => id),
    [
      'command true exit-status equal',
      'command true stdout equal',
      'command true exit-status equal #2',
      'command true exit-status equal #3',
    ],
  );
});

t.test('plan: what differs per target is one assertion, whatever its matcher on each', async (t) => {
  const [expectation] = entry('true', 0).expectations;
  if (!expectation) throw new Error('there is one');
  const { assertions } = planRun(
    [{ ...entry('true', 0), expectations: [{ ...expectation, perTarget: true }] }],
    resources,
  );
  t.same(
    assertions.map(({ id }) => id),
    ['command true exit-status'],
  );
});

t.test('plan: what needs something else comes after it', async (t) => {
  const { assertions } = planRun(
    [
      { ...entry('third', 0), needs: ['command second', 'command first'] },
      { ...entry('second', 0), needs: ['command first'] },
      entry('first', 0),
      { ...entry('alone', 0), needs: ['unit elsewhere.service'] },
    ],
    resources,
  );
  t.same(
    listStages(assertions).map((stage) => stage.map(({ subject }) => subject)),
    [['first', 'alone'], ['second'], ['third']],
  );
});

t.test('the inventory is asked for once, and is no fact', async (t) => {
  const never = new AbortController().signal;
  const found = await run([entry('exit 3', 0, { within: 2.5, every: 1 })], { run: true }, never, true);
  t.ok(found.transport.programs.length > 1, 'it looked again');
  t.same(
    found.transport.programs.map((program) => program.includes('mountinfo')),
    found.transport.programs.map((_, at) => at === 0),
  );
  t.match(found.inventory, { mounts: { status: 'known' }, kernel: { status: 'known', value: { running: String } } });
  t.same(
    found.facts.map(({ resource }) => resource),
    ['command'],
  );
  const last = found.seen.filter(({ waitingFor }) => waitingFor === 0).at(-1);
  t.equal(last?.answered, last?.asked, 'progress comes to its end');

  const without = await run([entry('exit 0', 0)]);
  t.notHas(without, 'inventory');
  t.notMatch(without.transport.programs[0], 'mountinfo');
});

t.test('a program that is cut off leaves the inventory unknown, with the reason', async (t) => {
  const never = new AbortController().signal;
  const found = await run([entry('exit 0', 0)], { run: true, cutAfterBytes: 60 }, never, true);
  t.equal(found.problems.length, 1);
  for (const section of Object.values(found.inventory ?? {})) {
    t.match(section, { status: 'unknown', reason: /^not answered, as the program was cut off: / });
  }
  t.equal(Object.keys(found.inventory ?? {}).length, 6);
});
