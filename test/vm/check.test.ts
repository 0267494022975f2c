import { chmodSync } from 'node:fs';
import { homedir } from 'node:os';
import t from 'tap';
import { NixspecError } from '../../src/error.js';
import type { Target, Value } from '../../src/model.js';
import { checkVm } from '../../src/vm/check.js';

const target = (vm: { readonly [key: string]: Value }): Target => ({
  name: 'staging',
  vm,
  from: 'target',
  position: { file: 'nixspec.yaml', line: 3, column: 5 },
});

async function refused(vm: { readonly [key: string]: Value }, folder: string): Promise<readonly unknown[]> {
  const error = await checkVm(target(vm), folder).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof NixspecError)) return [error];
  return [error.code, error.message.replaceAll(folder, 'HERE'), error.hint];
}

t.test('what is taken where nothing is said, and where it is', async (t) => {
  const folder = t.testdir({ 'a.nix': '{ }', seed: {}, 'disk.qcow2': '' });
  const settings = await checkVm(target({ flake: '.#web', modules: ['a.nix'], seed: './seed' }), folder);
  t.match(settings, {
    flake: '.#web',
    modules: [`${folder}/a.nix`],
    seed: { kind: 'files', path: `${folder}/seed` },
    network: 'restricted',
    secrets: 'dummy',
    keep: false,
    reachProduction: false,
    disk: 20 * 1024 ** 3,
  });
  t.match(await checkVm(target({ seed: 'disk.qcow2' }), folder), {
    seed: { kind: 'disk', path: `${folder}/disk.qcow2` },
  });
  t.match(await refused({ file: '~/no-such-file.nix' }, folder), [
    'usage',
    `staging (nixspec.yaml:3:5): \`file\` of \`vm\`: ${homedir()}/no-such-file.nix does not exist`,
  ]);
});

t.test('files that are not there', async (t) => {
  const folder = t.testdir({ folder: {}, 'start.sh': '' });
  const table: readonly (readonly [vm: { readonly [key: string]: Value }, message: string, hint: string])[] = [
    [
      { modules: ['gone.nix'] },
      '`modules` of `vm`: HERE/gone.nix does not exist',
      'paths are relative to the folder of the spec',
    ],
    [
      { seed: 'gone.tar' },
      '`seed` of `vm`: HERE/gone.tar does not exist',
      'paths are relative to the folder of the spec',
    ],
    [
      { file: 'gone.nix' },
      '`file` of `vm`: HERE/gone.nix does not exist',
      'paths are relative to the folder of the spec',
    ],
    [
      { flake: './gone?dir=x#web' },
      '`flake` of `vm`: HERE/gone does not exist',
      'paths are relative to the folder of the spec',
    ],
    [
      { command: 'gone' },
      '`command` of `vm`: HERE/gone does not exist',
      'paths are relative to the folder of the spec',
    ],
    [
      { command: 'folder' },
      '`command` of `vm`: HERE/folder is no file',
      "it is a VM's start script, for example ./result/bin/run-web-vm",
    ],
    [
      { command: 'start.sh' },
      '`command` of `vm`: HERE/start.sh is not executable',
      "it is a VM's start script, for example ./result/bin/run-web-vm",
    ],
  ];
  for (const [vm, message, hint] of table)
    t.strictSame(await refused(vm, folder), ['usage', `staging (nixspec.yaml:3:5): ${message}`, hint]);
  const disk = t.testdir({ 'disk.img': {} });
  t.strictSame(await refused({ seed: 'disk.img' }, disk), [
    'usage',
    'staging (nixspec.yaml:3:5): `seed` of `vm`: HERE/disk.img is no disk image',
    'a folder of files needs another name',
  ]);
  t.strictSame(await refused({ flake: 'conf#web' }, folder), [undefined], 'a name of the registry');
});

t.test('a VM that could reach production with its secrets', async (t) => {
  const folder = t.testdir({ start: '' });
  chmodSync(`${folder}/start`, 0o755);
  const reach = "staging: this VM could reach production with production's secrets: its network is open, and ";
  const unknown = (key: string) =>
    `it is built without nixspec's module (\`${key}\`), so that nobody knows whether its secrets are production's`;
  const table: readonly (readonly [vm: { readonly [key: string]: Value }, why: string | undefined])[] = [
    [{ network: 'open' }, undefined],
    [{ secrets: 'none' }, undefined],
    [{ command: 'start' }, undefined],
    [{ attribute: 'vm', network: 'restricted' }, undefined],
    [{ network: 'open', secrets: 'none' }, 'its secrets are those of the configuration (`secrets: none`)'],
    [{ network: 'open', command: 'start' }, unknown('command')],
    [{ network: 'open', attribute: 'vm' }, unknown('attribute')],
    [{ network: 'open', secrets: 'none', 'reach-production': true }, undefined],
    [{ network: 'open', command: 'start', 'reach-production': true }, undefined],
  ];
  for (const [vm, why] of table) {
    const [code, message] = await refused(vm, folder);
    t.strictSame([code, message], why === undefined ? [undefined, undefined] : ['vm-refused', `${reach}${why}`]);
  }
  const [, , hint] = await refused({ network: 'open', secrets: 'none' }, folder);
  t.equal(
    hint,
    'leave `network: open` out, or `secrets: none`; where it is meant, vm: { …, reach-production: true } insists',
  );
});
