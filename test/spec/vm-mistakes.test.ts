import t from 'tap';
import { checkSpec, writeFiles } from '../fixture/check-spec.js';

/** What is said of a `vm:`, without the places. */
async function mistakesOf(folder: string, vm: string): Promise<string[]> {
  const path = writeFiles(folder, {
    'nixspec.yaml': `version: 1\ntargets: { vm: { vm: ${vm} } }\nunit: { a: { active: true } }\n`,
  });
  const { problems } = await checkSpec(path);
  return problems.map(({ message, hint }) => [message, hint].filter(Boolean).join(' | '));
}

t.test('what cannot be meant', async (t) => {
  const folder = t.testdir();
  const own = 'nixspec adds nothing to a VM of your own making';
  const elsewhere = 'a VM that was built elsewhere is as it is';
  const table: readonly (readonly [vm: string, said: readonly string[]])[] = [
    ['{}', []],
    ['{ flake: ".#web", memory: 4GiB, cores: 4, disk: 20GiB, timeout: 5m, keep: true, network: open }', []],
    ['{ flake: .#nixosConfigurations."web.example.org", system: aarch64-linux }', []],
    ['{ flake: ., attribute: nixosConfigurations.web.config.system.build.vm, network: restricted }', []],
    ['{ command: ./run-web-vm, network: open, reach-production: true, seed: disk.qcow2, timeout: 1m }', []],
    ['{ file: c.nix, modules: a.nix, seed: ./seed, secrets: none }', []],
    ['{ flake: ., file: c.nix }', ['`file` cannot stand beside `flake`: a configuration is in a flake or in a file']],
    ['{ command: x, flake: . }', [`\`flake\` cannot stand beside \`command\`: ${elsewhere}`]],
    ['{ command: x, modules: [a.nix] }', [`\`modules\` cannot stand beside \`command\`: ${elsewhere}`]],
    ['{ attribute: vm, cores: 2 }', [`\`cores\` cannot stand beside \`attribute\`: ${own}`]],
    ['{ attribute: vm, secrets: dummy }', [`\`secrets\` cannot stand beside \`attribute\`: ${own}`]],
    ['{ memory: 4096 }', ['4 KiB is too little for a VM | perhaps 4096MiB']],
    ['{ disk: 20MiB }', ['20 MiB is too little for a VM']],
    ['{ cores: 0 }', ['expected a whole number of cores, not 0']],
    ['{ cores: 1.5 }', ['expected a whole number of cores, not 1.5']],
    ['{ system: aarch64 }', ['expected a platform of Linux such as x86_64-linux, not "aarch64"']],
    [
      '{ flake: .#nixosConfigurations.web.config.system.build.vm }',
      [
        '"#nixosConfigurations.web.config.system.build.vm" is no host | a host, such as ".#web"; for anything else: flake: ".", attribute: nixosConfigurations.web.config.system.build.vm',
      ],
    ],
    [
      '{ flake: ".#web", attribute: vm }',
      ['`attribute` says what of the flake is meant, and so does "#web" | flake: "."'],
    ],
    ['{ reach-production: maybe }', ['expected true or false, not "maybe"']],
    ['{ reach-prodction: true }', ['there is no key "reach-prodction" here | did you mean "reach-production"?']],
  ];
  for (const [vm, said] of table) t.strictSame(await mistakesOf(folder, vm), said, vm);
});

t.test('the example mentions every key', async (t) => {
  const { vmKeys } = await import('../../src/spec/keys.js');
  const { targets, problems } = await checkSpec('specs/vm.yaml');
  t.strictSame(problems, []);
  const mentioned = new Set([...targets.values()].flatMap(({ vm }) => Object.keys(vm ?? {})));
  t.strictSame(
    Object.keys(vmKeys).filter((key) => !mentioned.has(key)),
    [],
  );
});
