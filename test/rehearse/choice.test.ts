import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nixspec } from '../fixture/nixspec.js';

/** What is told before anything is built or booted. */
async function rehearse(t: Test, targets: string, ...words: string[]) {
  const folder = t.testdir({ run: '#!/bin/sh\n' });
  chmodSync(join(folder, 'run'), 0o755);
  writeFileSync(join(folder, 'nixspec.yaml'), `version: 1\ntargets: { ${targets} }\nunit: { a: { active: true } }\n`);
  const { status, out, err } = await nixspec(['rehearse', ...words], { cwd: folder });
  t.equal(out, '');
  return { status, err };
}

const vm = 'vm: { vm: { flake: ".#web" } }';
const production = 'production: { ssh: { host: 127.0.0.1, port: 9 } }';
const named =
  'hint: name it with --from, for example --from github:me/config/COMMIT#web; `system.configurationRevision = self.rev or null;` lets the next deployment tell\n';

for (const [name, targets, words, status, err] of [
  [
    'no VM',
    `${vm}, ${production}`,
    ['production'],
    64,
    'error[usage]: production is no VM: it has no `vm:`\nhint: those that have: vm\n',
  ],
  [
    'nobody to ask',
    vm,
    ['vm'],
    64,
    `error[usage]: vm: what is deployed cannot be told: the spec has no production target to ask what is deployed\n${named}`,
  ],
  [
    'two to ask',
    `${vm}, ${production}, other: { local: true }`,
    ['vm'],
    64,
    'error[usage]: several targets could tell what is deployed: production, other\nhint: say which with --production, or name what is deployed with --from\n',
  ],
  [
    'a VM to ask',
    `${vm}, ${production}`,
    ['vm', '--production', 'vm'],
    64,
    'error[usage]: vm is a VM: it cannot tell what is deployed\nhint: name a target that is reached by SSH\n',
  ],
  [
    'a start script has no history',
    `vm: { vm: { command: ./run } }, ${production}`,
    ['vm'],
    64,
    `error[usage]: vm: what is deployed cannot be told: without a flake, nothing tells what an earlier configuration was\n${named}`,
  ],
  [
    'no duration',
    vm,
    ['vm', '--from', 'x', '--switch-timeout', 'soon'],
    64,
    'error[usage]: --switch-timeout takes a duration such as 90s or 10m, not "soon"\n',
  ],
  [
    'no such target',
    vm,
    ['vm', '--from', 'x', '--specialisation', 'a=maintenance'],
    64,
    'error[usage]: nixspec.yaml has no target "maintenance"\nhint: its targets are vm\n',
  ],
] as const) {
  t.test(name, async (t) => t.same(await rehearse(t, targets, ...words), { status, err }));
}

t.test('production does not answer: the way out is named', async (t) => {
  const { status, err } = await rehearse(t, `${vm}, ${production}`, 'vm');
  t.equal(status, 69);
  t.match(
    err,
    /^error\[connection-refused\]: .*\nhint: or name what is deployed with --from FLAKEREF, so that nobody need be asked\n$/,
  );
});
