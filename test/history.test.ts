import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findLatest, listRuns, loadRun, openHistory, saveRun } from '../src/history.js';
import type { Run } from '../src/model.js';
import { exampleInventory, runWith } from './fixture/example-inventory.js';

function run(started: string, target: string): Run {
  return {
    format: 1,
    id: `${started.replaceAll(':', '-')}-${target}`,
    target,
    reached: 'here',
    started,
    finished: started,
    system: {},
    facts: [],
    outcomes: [],
    problems: [],
  };
}

const early = run('2026-11-23T01:00:00.000Z', 'vm');
const late = run('2026-11-23T02:00:00.000Z', 'vm');
const other = run('2026-11-23T03:00:00.000Z', 'web-vm');

t.test('saves, lists and finds runs', async (t) => {
  const history = openHistory(t.testdir());
  for (const one of [late, early, other]) await saveRun(history, one);
  t.same((await listRuns(history)).runs, [early, late, other], 'oldest first');
  t.same(await findLatest(history, 'vm'), late, 'a target whose name ends alike is another');
  t.equal(await findLatest(history, 'nothing'), undefined);
  t.same(await loadRun(history, 'vm'), late);
  t.same(await loadRun(history, early.id), early);
  t.same(await loadRun(history, '2026-11-23T01'), early, 'the beginning of an id');
  t.same(await loadRun(history, join(history.folder, `${early.id}.json`)), early);
  await t.rejects(loadRun(history, '2026'), { code: 'run-unreadable', message: '3 runs begin with "2026"' });
  await t.rejects(loadRun(history, 'nope'), { code: 'run-unreadable', message: /no run of "nope"/ });
});

t.test('a run by its place among those of a target, or by its generation', async (t) => {
  const history = openHistory(t.testdir());
  const at = (hour: number, generation: number) => ({
    ...run(`2026-11-23T0${hour}:00:00.000Z`, 'web'),
    system: { generation },
  });
  const [one, two, three] = [at(1, 41), at(2, 41), at(3, 42)];
  for (const each of [three, one, two, other]) await saveRun(history, each);
  for (const [name, expected] of [
    ['web', three],
    ['web~0', three],
    ['web~1', two],
    ['web~2', one],
    ['web@42', three],
    ['web@41', two],
    ['web-vm~0', other],
  ] as const) {
    t.same(await loadRun(history, name), expected, name);
  }
  for (const name of ['web~3', 'web@4', 'web@43', 'web~', 'web~x', 'web~-1', 'web@', '~1', 'web~1~1', 'vm~0']) {
    await t.rejects(loadRun(history, name), { code: 'run-unreadable', message: `there is no run of "${name}"` }, name);
  }
});

t.test('inventories', async (t) => {
  const history = openHistory(t.testdir());
  const whole = runWith(exampleInventory);
  await saveRun(history, whole);
  t.same(await loadRun(history, 'production'), whole);
  const known = (value: unknown) => ({ status: 'known', value });
  for (const inventory of [
    null,
    {},
    { ...exampleInventory, units: undefined },
    { ...exampleInventory, units: known({}) },
    { ...exampleInventory, units: known([null]) },
    { ...exampleInventory, units: known([{ name: 1 }]) },
    { ...exampleInventory, mounts: { status: 'unknown' } },
    { ...exampleInventory, packages: known([]) },
    { ...exampleInventory, packages: known({ list: [{ name: 'a' }] }) },
    { ...exampleInventory, kernel: known(null) },
  ]) {
    const file = join(history.folder, 'odd.json');
    writeFileSync(file, JSON.stringify({ ...whole, inventory }));
    await t.rejects(
      loadRun(history, file),
      { code: 'run-unreadable', message: /its inventory cannot be read/ },
      JSON.stringify(inventory),
    );
  }
});

t.test('a run is private, and written whole', async (t) => {
  const history = openHistory(t.testdir());
  const file = await saveRun(history, early);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(history.folder).mode & 0o777, 0o700);
  t.same(readdirSync(history.folder), [`${early.id}.json`], 'no part is left');
});

t.test('what is not a run is told, by name', async (t) => {
  const history = openHistory(t.testdir());
  await saveRun(history, early);
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['empty', '', /Unexpected end/],
    ['text', 'hello', /Unexpected token/],
    ['null', 'null', /it is not a run/],
    ['list', '[]', /it is not a run/],
    ['later', JSON.stringify({ ...early, format: 2 }), /its format 2 is not known/],
    ['half', JSON.stringify({ ...early, outcomes: undefined }), /it is not a run/],
    ['odd outcome', JSON.stringify({ ...early, outcomes: [null] }), /it is not a run/],
    ['odd fact', JSON.stringify({ ...early, facts: [{ resource: 1 }] }), /it is not a run/],
  ];
  for (const [name, text, message] of rows) {
    const file = join(history.folder, `${name}.json`);
    writeFileSync(file, text);
    await t.rejects(loadRun(history, file), { code: 'run-unreadable', message }, name);
  }
  const listed = await listRuns(history);
  t.same(listed.runs, [early]);
  t.same(listed.unreadable, rows.map(([name]) => name).sort());
  await t.rejects(loadRun(history, './missing.json'), { code: 'run-unreadable', message: /ENOENT/ });
});

t.test('a json report with one run is taken for the run', async (t) => {
  const history = openHistory(t.testdir());
  const file = join(t.testdirName, 'report.json');
  writeFileSync(file, JSON.stringify({ format: 1, runs: [early], comparisons: [] }));
  t.same(await loadRun(history, file), early);
});

t.test(
  'a folder that cannot be written to',
  { skip: process.getuid?.() === 0 && 'root may write everywhere' },
  async (t) => {
    const folder = t.testdir();
    chmodSync(folder, 0o500);
    await t.rejects(saveRun(openHistory(folder), early), { code: 'history-unwritable' });
  },
);

t.test('a file where the folder should be', async (t) => {
  const folder = t.testdir({ '.nixspec': 'a file' });
  await t.rejects(saveRun(openHistory(folder), early), { code: 'history-unwritable', hint: /--no-save/ });
});

t.test('--history gives another folder', async (t) => {
  t.equal(openHistory('specs', '/var/lib/nixspec').folder, '/var/lib/nixspec/.nixspec/runs');
  t.equal(openHistory('specs').folder, 'specs/.nixspec/runs');
});
