import t from 'tap';
import { readSpec } from '../../src/spec/read.js';
import { readState } from '../../src/spec/state.js';
import { sayProblem, writeFiles } from '../fixture/check-spec.js';

async function read(folder: string, state: string, target = 'production') {
  const path = writeFiles(folder, {
    'nixspec.yaml': `version: 1
vars: { folder: /var/backup }
targets: { vm: { local: true }, production: { local: true } }
state:
${state}
`,
  });
  const { entries, problems } = readState(await readSpec(path, { env: {} }), target, {});
  return { entries, problems: problems.map(sayProblem) };
}

t.test('what is copied before a switch', async (t) => {
  const { entries, problems } = await read(
    t.testdir(),
    `  database: { btrfs: /var/lib/postgresql }
  files: { zfs: tank/files, timeout: 5m, except: [vm] }
  all: { dump: "pg_dumpall -U postgres", into: "\${folder}/pg", user: postgres }
  staging: { zfs: tank, only: [vm] }`,
  );
  t.strictSame(problems, []);
  t.strictSame(entries, [
    { name: 'database', kind: 'btrfs', source: '/var/lib/postgresql', timeout: 600 },
    { name: 'files', kind: 'zfs', source: 'tank/files', timeout: 300 },
    {
      name: 'all',
      kind: 'dump',
      source: 'pg_dumpall -U postgres',
      into: '/var/backup/pg',
      user: 'postgres',
      timeout: 600,
    },
  ]);
  t.strictSame((await read(t.testdir(), '  files: { zfs: tank, except: [vm] }', 'vm')).entries, []);
});

const mistakes: readonly (readonly [string, readonly string[]])[] = [
  ['  a: {}', ['5:6 bad-state it needs `btrfs`, `zfs` or `dump`']],
  ['  a:', ['5:3 wrong-type expected a mapping, not nothing']],
  ['  a: tank', ['5:6 wrong-type expected a mapping, not "tank"']],
  [
    '  a: { btrfs: /a, zfs: b }',
    ['5:19 bad-state an entry is one of `btrfs`, `zfs` and `dump`; it has `btrfs` already'],
  ],
  ['  a: { btrfs: a }', ['5:15 bad-state expected the absolute path of a btrfs subvolume, not "a"']],
  ['  a: { zfs: a@b }', ['5:13 bad-state expected the name of a ZFS data set, such as tank/files, not "a@b"']],
  ['  a: { zfs: "" }', ['5:13 bad-state it is empty']],
  ['  a: { dump: pg_dumpall }', ['5:6 missing-key a dump needs `into`']],
  ['  a: { dump: x, into: backup }', ['5:23 bad-state expected the absolute path of a folder']],
  ['  a: { zfs: tank, user: postgres }', ['5:19 bad-state `user` is for a dump']],
  ['  a: { zfs: tank, timeout: 0s }', ['5:28 bad-value `timeout` is longer than 0']],
  ['  a: { zsf: tank }', ['5:8 unknown-key there is no key "zsf" here']],
  ['  a: { zfs: tank, only: [prod] }', ['5:25 undefined-target there is no target "prod"']],
];

for (const [state, expected] of mistakes) {
  t.test(state.trim(), async (t) => {
    const { entries, problems } = await read(t.testdir(), state);
    t.strictSame(
      problems.map((text) => text.replace(/ \(.*\)$/, '')),
      expected,
    );
    if (!state.includes('only')) t.strictSame(entries, []);
  });
}
