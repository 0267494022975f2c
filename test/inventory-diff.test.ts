import t from 'tap';
import { compareRuns } from '../src/diff.js';
import { compareInventories } from '../src/inventory-diff.js';
import type { InventoryUnit } from '../src/inventory-model.js';
import type { Outcome, Run } from '../src/model.js';
import { exitCodeOf } from '../src/verdict.js';
import { changedInventory, exampleInventory, runWith } from './fixture/example-inventory.js';

const { units, listeners, users, mounts, packages, kernel } = exampleInventory;
const changed = changedInventory;

function outcome(words: string, more: Partial<Outcome> = {}): Outcome {
  const [resource = '', subject = '', property = ''] = words.split(' ');
  return {
    id: words,
    resource,
    subject,
    property,
    matcher: 'equal',
    type: 'string',
    expected: 'x',
    status: 'passed',
    severity: 'error',
    message: '',
    looks: 1,
    position: { file: 'nixspec.yaml', line: 1, column: 1 },
    ...more,
  };
}

function namesOf(asserted: readonly string[] = [], after: readonly string[] = asserted): string[] {
  const found = compareInventories(
    runWith(exampleInventory, { outcomes: asserted.map((words) => outcome(words)) }),
    runWith(changed, { outcomes: after.map((words) => outcome(words)) }),
  );
  return (found?.changes ?? []).map(({ kind, subject, property }) =>
    [kind, subject, property].filter(Boolean).join(' '),
  );
}

const everything = [
  'failed backup.service',
  'gone old.service',
  'stopped worker.service',
  'changed tcp:5432 addresses',
  'closed tcp:443',
  'added mallory',
  'removed alice',
  'changed / options',
  'reboot-needed',
  'down git',
  'up openssl',
];

t.test('everything, most important first', async (t) => {
  t.same(namesOf(), everything);
  t.same(compareInventories(runWith(exampleInventory), runWith(exampleInventory)), { changes: [], unknown: [] });
});

t.test('what both runs assert is told by the comparison of assertions', async (t) => {
  for (const [asserted, told] of [
    ['unit worker.service active', 'stopped worker.service'],
    ['unit backup.service healthy', 'failed backup.service'],
    ['unit old.service exists', 'gone old.service'],
    ['port tcp:443 listening', 'closed tcp:443'],
    ['port tcp4:443 listening', 'closed tcp:443'],
    ['port tcp:5432 addresses', 'changed tcp:5432 addresses'],
    ['user alice shell', 'removed alice'],
    ['mount / options', 'changed / options'],
    ['system  reboot-needed', 'reboot-needed'],
    ['package git versions', 'down git'],
  ] as const) {
    const left = everything.filter((name) => name !== told);
    t.same(namesOf([asserted]), left, asserted);
    t.same(namesOf([asserted], []), everything, `${asserted} before only`);
    t.same(namesOf([], [asserted]), everything, `${asserted} after only`);
  }
});

t.test('what is asserted of another property, or of another subject, says nothing of it', async (t) => {
  for (const asserted of [
    'unit worker.service enabled',
    'unit other.service active',
    'port tcp:443 users',
    'port tcp:44 listening',
    'port udp:443 listening',
    'port tcp:5432 unit',
    'mount / usage',
    'package git installed',
    'user worker.service exists',
  ]) {
    t.same(namesOf([asserted]), everything, asserted);
  }
});

t.test('listeners that were listed are told as drift', async (t) => {
  const list = (property: string, actual: string[]) => [outcome(`listeners  ${property}`, { property, actual })];
  const look = (before: Outcome[], after: Outcome[]) =>
    compareInventories(
      runWith(exampleInventory, { outcomes: before }),
      runWith(changed, { outcomes: after }),
    )?.changes.filter(({ section }) => section === 'listeners').length;
  t.equal(look([], []), 2);
  t.equal(look(list('tcp', ['0.0.0.0:443', '127.0.0.1:5432']), list('tcp', ['0.0.0.0:5432'])), 0);
  t.equal(look(list('public-tcp', ['0.0.0.0:443']), list('public-tcp', [])), 1, 'only what is among them');
  t.equal(look(list('udp', ['0.0.0.0:443']), list('udp', [])), 2);
});

t.test('a skipped assertion tells nothing', async (t) => {
  const skipped = [outcome('unit worker.service active', { status: 'skipped' })];
  const found = compareInventories(
    runWith(exampleInventory, { outcomes: skipped }),
    runWith(changed, { outcomes: skipped }),
  );
  t.equal(found?.changes.length, everything.length);
});

t.test('what is unknown is not different, and is told', async (t) => {
  const lost = { status: 'unknown' as const, reason: 'nix-store is missing' };
  t.same(compareInventories(runWith(exampleInventory), runWith({ ...exampleInventory, packages: lost })), {
    changes: [],
    unknown: [{ section: 'packages', reason: 'nix-store is missing' }],
  });
  t.same(compareInventories(runWith({ ...exampleInventory, units: lost }), runWith(exampleInventory)), {
    changes: [],
    unknown: [{ section: 'units', reason: 'in the earlier run: nix-store is missing' }],
  });
  const all = { units: lost, listeners: lost, users: lost, mounts: lost, packages: lost, kernel: lost };
  t.equal(compareInventories(runWith(all), runWith(changed))?.changes.length, 0);
  t.same(
    compareInventories(runWith(all), runWith(all))?.unknown.map(({ section }) => section),
    ['units', 'listeners', 'users', 'mounts', 'kernel', 'packages'],
  );
  t.same(
    [units, listeners, users, mounts, packages, kernel].map(({ status }) => status),
    Array(6).fill('known'),
  );
});

t.test('packages of Nix and of Debian are not compared', async (t) => {
  const dpkg = { status: 'known' as const, value: { manager: 'dpkg' as const, list: [] } };
  t.same(compareInventories(runWith(exampleInventory), runWith({ ...exampleInventory, packages: dpkg })), {
    changes: [],
    unknown: [{ section: 'packages', reason: 'one list is of nix, the other of dpkg' }],
  });
});

t.test('a run without an inventory', async (t) => {
  t.equal(compareInventories(runWith(undefined), runWith(undefined)), undefined);
  t.notHas(compareRuns(runWith(undefined), runWith(undefined)), 'inventory');
  t.same(compareInventories(runWith(undefined, { started: '2026-11-01T00:00:00.000Z' }), runWith(changed)), {
    changes: [],
    unknown: [{ section: 'inventory', reason: 'the run 2026-11-01T00-00-00.000Z-production has none' }],
  });
});

t.test('it fails nothing', async (t) => {
  const outcomes = [outcome('unit nginx.service active')];
  const [before, after] = [runWith(exampleInventory, { outcomes }), runWith(changed, { outcomes })];
  const comparison = compareRuns(before, after);
  t.equal(comparison.inventory?.changes.length, everything.length);
  t.equal(exitCodeOf([after], [comparison]), 0);
});

t.test('names of JavaScript are names like others', async (t) => {
  const odd = (name: string): InventoryUnit[] => [{ name, active: 'active', sub: 'running' }];
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const found = compareInventories(
      runWith(exampleInventory),
      runWith({
        ...exampleInventory,
        units: { status: 'known', value: [...(units.status === 'known' ? units.value : []), ...odd(name)] },
      }),
    );
    t.same(
      found?.changes.map(({ kind, subject }) => [kind, subject]),
      [['new', name]],
    );
  }
});

t.test('a staging VM is booted for each run, which is no news', async (t) => {
  const booted = (boot: string) =>
    runWith({
      ...exampleInventory,
      kernel: { status: 'known', value: { running: '6.12.58', next: '6.12.58', rebootNeeded: false, boot } },
    });
  const vm = { runner: 'x86_64-linux', accelerated: true };
  const kinds = (before: Run, after: Run) => compareInventories(before, after)?.changes.map(({ kind }) => kind);
  t.strictSame(kinds(booted('one'), booted('two')), ['rebooted']);
  t.strictSame(kinds({ ...booted('one'), vm }, { ...booted('two'), vm }), []);
});
