// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Nix writes its own like that
import { spawnSync } from 'node:child_process';
import t from 'tap';
import type { Value } from '../../src/model.js';
import {
  describeExtended,
  describeHost,
  describeOwn,
  fileConfiguration,
  nixString,
} from '../../src/vm/nix-expression.js';
import { readVmSettings } from '../../src/vm/settings.js';

const gibibyte = 1024 ** 3;
const sizes = { memory: 4 * gibibyte, cores: 2, disk: 10 * gibibyte };
const settings = (written: { readonly [key: string]: Value } = {}) => readVmSettings({ ...sizes, ...written }, '/srv');
const native = { runner: 'x86_64-linux', guest: 'x86_64-linux' };

const texts: readonly (readonly [text: string, literal: string])[] = [
  ['web', '"web"'],
  ['a"b', '"a\\"b"'],
  ['a\\b', '"a\\\\b"'],
  ['${builtins.abort "x"}', '"\\${builtins.abort \\"x\\"}"'],
  ['$${x}', '"$\\${x}"'],
  ['a\nb\r', '"a\\nb\\r"'],
];

t.test('text is text, never code', async (t) => {
  for (const [text, literal] of texts) t.equal(nixString(text), literal);
});

const noNix = spawnSync('nix-instantiate', ['--version']).error && 'no nix-instantiate here';

function evaluate(expression: string): unknown {
  const { stdout, stderr } = spawnSync('nix-instantiate', ['--eval', '--strict', '--json', '-E', expression], {
    encoding: 'utf8',
  });
  return stdout === '' ? stderr : JSON.parse(stdout);
}

t.test('Nix reads it as it was', { skip: noNix ?? false }, async (t) => {
  for (const [text, literal] of texts) t.equal(evaluate(literal), text, literal);
});

t.test('one of the hosts, or which there are', { skip: noNix ?? false }, async (t) => {
  const hosts = '{ web = { a = 1; }; "db.example" = { a = 2; }; }';
  const table: readonly (readonly [name: string | undefined, hosts: string, told: object])[] = [
    ['web', hosts, { name: 'web', a: 1 }],
    ['db.example', hosts, { name: 'db.example', a: 2 }],
    ['${x}', hosts, { missing: ['db.example', 'web'] }],
    [undefined, hosts, { missing: ['db.example', 'web'] }],
    [undefined, '{ web.a = 1; }', { name: 'web', a: 1 }],
    [undefined, '{ }', { missing: [] }],
  ];
  for (const [name, all, told] of table)
    t.strictSame(evaluate(`(${describeHost(name, 'host: host')}) (${all})`), told, `${name} of ${all}`);
});

t.test("a VM of the user's own making", { skip: noNix ?? false }, async (t) => {
  t.strictSame(evaluate(`(${describeOwn}) { drvPath = "/x.drv"; outPath = "/x"; system = "y"; }`), {
    derivation: '/x.drv',
    output: '/x',
    runs: 'y',
  });
  t.strictSame(evaluate(`(${describeOwn}) { }`), {});
});

/** What a configuration is extended with, by a host that only writes it down; modules are the names of their files. */
function extend(written: { readonly [key: string]: Value }, platforms: typeof native, host: string): unknown {
  const lib = '{ mkForce = x: x; mkOverride = _: x: x; }';
  const seen = `map (m: if builtins.isFunction m then m { lib = ${lib}; } else toString m)`;
  return evaluate(`(${describeExtended(settings(written), platforms, '/lib/vm.nix')}) (${host} // {
    extendModules = { modules }: {
      config.system.build.vm = let variant = (builtins.head modules).virtualisation.vmVariant { lib = ${lib}; }; in {
        drvPath = { modules = ${seen} variant.imports; inherit (variant.nixspec) vm; };
        outPath = "/x";
        system = "x86_64-linux";
      };
    };
  })`);
}

t.test('the module and the settings reach the VM', { skip: noNix ?? false }, async (t) => {
  const host = '{ config.nixpkgs.hostPlatform.system = "x86_64-linux"; }';
  const vm = { enable: true, memory: 4096, cores: 2, disk: 10240, restrictNetwork: true, secrets: 'dummy' };
  t.strictSame(extend({}, native, host), {
    derivation: { modules: ['/lib/vm.nix'], vm },
    output: '/x',
    runs: 'x86_64-linux',
  });
  t.strictSame(extend({ modules: ['a b.nix'], network: 'open', secrets: 'none', seed: './seed' }, native, host), {
    derivation: {
      modules: ['/lib/vm.nix', '/srv/a b.nix'],
      vm: { ...vm, restrictNetwork: false, secrets: 'none', seed: '/srv/seed' },
    },
    output: '/x',
    runs: 'x86_64-linux',
  });
  t.match(extend({ seed: 'disk.qcow2' }, native, host), { derivation: { vm } }, 'a disk is none of NixOS’s business');
});

t.test('what a switch of the host itself would bring', { skip: noNix ?? false }, async (t) => {
  const own = 'nixpkgs.hostPlatform.system = "x86_64-linux"';
  const host = (toplevel: string) => `{ config = { ${own}; system.build.toplevel.outPath = ${toplevel}; }; }`;
  t.match(extend({}, native, host('"/nix/store/new"')), { output: '/x', toplevel: '/nix/store/new' });
  t.notHas(extend({}, native, host('throw "only the VM can be had"')), { toplevel: String });
});

t.test('the platform', { skip: noNix ?? false }, async (t) => {
  const packages = t.testdir({ 'default.nix': '{ system }: "packages of ${system}"' });
  const arm = `{ pkgs = { stdenv.hostPlatform.system = "aarch64-linux"; path = ${packages}; }; }`;
  const emulated = { runner: 'x86_64-linux', guest: 'aarch64-linux' };
  const mac = { runner: 'aarch64-darwin', guest: 'aarch64-linux' };
  const force = (system: string) => ({ nixpkgs: { hostPlatform: system } });
  const script = (system: string) => ({ virtualisation: { host: { pkgs: `packages of ${system}` } } });
  const table: readonly (readonly [what: string, platforms: typeof native, host: string, modules: unknown[]])[] = [
    ['as this machine', native, arm, [force('x86_64-linux')]],
    ['the own one, emulated', emulated, arm, [script('x86_64-linux')]],
    ['on a Mac', mac, arm, [script('aarch64-darwin')]],
    [
      'a third one',
      { runner: 'x86_64-linux', guest: 'riscv64-linux' },
      arm,
      [force('riscv64-linux'), script('x86_64-linux')],
    ],
  ];
  for (const [what, platforms, host, modules] of table)
    t.match(extend({}, platforms, host), { derivation: { modules: ['/lib/vm.nix', ...modules] } }, what);
});

t.test('a file', async (t) => {
  t.equal(
    fileConfiguration('/srv/configuration.nix'),
    'import <nixpkgs/nixos/lib/eval-config.nix> { modules = [ (/. + "/srv/configuration.nix") ]; }',
  );
});
