import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test as Tap } from 'tap';
import type { Value } from '../../src/model.js';
import { describeExtended } from '../../src/vm/nix-expression.js';
import { readVmSettings } from '../../src/vm/settings.js';
import { evaluate, evaluator, lacksNix, parse } from './nix.js';

t.comment(lacksNix || `evaluated by ${evaluator}`);

const root = new URL('../../', import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const files = readdirSync(join(root, 'nix'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.nix'),
);

t.test('each file is Nix', { skip: lacksNix }, async (t) => {
  for (const file of ['flake.nix', ...files.map((file) => `nix/${file}`)]) t.equal(parse(join(root, file)), '', file);
});

t.test('each part of the VM module is imported', { skip: lacksNix }, async (t) => {
  const imports = evaluate(`map toString (import ${root}nix/vm.nix { inherit lib; }).imports`) as string[];
  const parts = files.filter((file) => file.startsWith('vm/')).map((file) => join(root, 'nix', file));
  t.same([...imports].sort(), parts.sort());
});

t.test('each option says what it is for', { skip: lacksNix }, async (t) => {
  const undescribed = `let
    inherit (import ${root}test/nix/minimal-modules.nix) evalModules;
    inherit (evalModules { modules = [ ${root}nix/vm.nix { config._module.args.pkgs = { }; config._module.check = false; } ]; }) options;
    leaves = path: set: lib.concatMap (name: let at = path ++ [ name ]; value = set.\${name}; in if value._type or null == "option" then [ { inherit value at; } ] else leaves at value) (builtins.attrNames set);
  in map ({ at, value }: { option = lib.concatStringsSep "." at; isTold = builtins.stringLength (value.description or "") > 20; }) (leaves [ "nixspec" ] options.nixspec)`;
  const options = evaluate(undescribed) as { option: string; isTold: boolean }[];
  t.ok(options.length > 25, `${options.length} options`);
  t.same(
    options.filter(({ isTold }) => !isTold).map(({ option }) => option),
    [],
  );
});

t.test('docs/vm-options.md is of today', { skip: lacksNix }, async (t) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/vm-options.mjs'), '--check'], {
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
});

/** The VM that `nixspec verify vm` builds of a host: by the very expression that it gives to Nix. */
function verified(host: string, written: { readonly [key: string]: Value }, read: string): unknown {
  const platforms = { runner: 'x86_64-linux', guest: 'x86_64-linux' };
  const described = describeExtended(readVmSettings(written, '/srv'), platforms, join(root, 'nix/vm.nix'));
  const plain = '{ nixpkgs.hostPlatform.system = "x86_64-linux"; }';
  return evaluate(`let
    host = evaluateHost [ ${plain} ${host} ];
    told = vm: { config = vm.config // { system.build.vm = { drvPath = { modules = vm.config.virtualisation.vmVariant; }; outPath = ""; system = ""; }; }; };
    vm = ((${described}) (host // { extendModules = more: told (host.extendModules more); })).derivation.modules;
  in ${read}`);
}

/** Another copy of the VM module, as a flake brings in. */
function copyModule(t: Tap): string {
  const folder = t.testdir();
  cpSync(join(root, 'nix'), folder, { recursive: true });
  return folder;
}

t.test('what is imported by hand is also what nixspec puts in', { skip: lacksNix }, async (t) => {
  const copy = copyModule(t);
  const hosts: readonly (readonly [what: string, host: string])[] = [
    ['in vmVariant', `{ virtualisation.vmVariant = { imports = [ ${copy}/vm.nix ]; nixspec.vm = OPTIONS; }; }`],
    [
      'by the module for hosts',
      `{ imports = [ ${copy}/module.nix ]; virtualisation.vmVariant.nixspec.vm = builtins.removeAttrs (OPTIONS) [ "enable" ]; }`,
    ],
  ];
  const read =
    '[ vm.nixspec.vm.enable vm.virtualisation.memorySize vm.virtualisation.restrictNetwork vm.nixspec.vm.names vm.virtualisation.cores ]';
  for (const [what, host] of hosts) {
    const options = '{ enable = true; memory = 512; restrictNetwork = false; names = [ "a.example" ]; }';
    const full = host.replace('OPTIONS', options);
    t.same(verified(full, { memory: 2 ** 30, cores: 3 }, read), [true, 1024, true, ['a.example'], 3], what);
    const own = full.replace('512', 'lib.mkForce 512');
    t.same(verified(own, { memory: 2 ** 30, cores: 3 }, read), [true, 512, true, ['a.example'], 3], `${what}, forced`);
    t.same(
      evaluate(
        `let vm = (evaluateHost [ ${full} ]).config.virtualisation.vmVariant; in [ vm.nixspec.vm.enable vm.virtualisation.memorySize ]`,
      ),
      [true, 512],
      `${what}, without nixspec`,
    );
  }
});

t.test('the module for hosts changes nothing but the VM', { skip: lacksNix }, async (t) => {
  const host = (imports: string) =>
    evaluate(
      `builtins.removeAttrs (evaluateHost [ { imports = [ ${imports} ]; } ]).config [ "virtualisation" "assertions" ]`,
    );
  t.same(host(`${root}nix/module.nix`), host(''));
});

t.test('the library', { skip: lacksNix }, async (t) => {
  const library = `(import ${root}nix/lib.nix)`;
  const host = '(evaluateHost [ { options.system.build = lib.mkOption { default = { vm = "the VM"; }; }; } ])';
  const vm = `(${library}.staging ${host} { memory = 1024; })`;
  t.same(evaluate(`[ ${vm}.nixspec.vm.enable ${vm}.virtualisation.memorySize ]`), [true, 1024]);
  t.equal(evaluate(`${library}.vm ${host} { }`), 'the VM');
});

/** flake.nix as Nix calls it, with a stub in place of nixpkgs. */
const flake = `(let flake = import ${root}flake.nix; self = flake.outputs { inherit self; nixpkgs = import ${root}test/nix/stub-nixpkgs.nix; }; in self)`;
const linux = ['aarch64-linux', 'x86_64-linux'];
const everywhere = ['aarch64-darwin', ...linux];

t.test('the outputs of the flake', { skip: lacksNix }, async (t) => {
  const names = 'builtins.mapAttrs (_: builtins.attrNames)';
  const perSystem = `lib.genAttrs [ "packages" "apps" "checks" "devShells" ] (output: ${names} ${flake}.\${output})`;
  const found = evaluate(`{ outputs = builtins.attrNames ${flake}; systems = ${perSystem}; }`);
  const each = (systems: readonly string[], names: readonly string[]) =>
    Object.fromEntries(systems.map((system) => [system, names]));
  t.same(found, {
    outputs: ['apps', 'checks', 'devShells', 'formatter', 'lib', 'nixosModules', 'overlays', 'packages'],
    systems: {
      packages: each(everywhere, ['default', 'nixspec']),
      apps: each(linux, ['demo']),
      checks: each(linux, ['over-ssh', 'staging', 'vm', 'vm-open', 'vm-pebble']),
      devShells: each(everywhere, ['default']),
    },
  });
  for (const module of ['default', 'vm'])
    t.equal(evaluate(`builtins.pathExists ${flake}.nixosModules.${module}`), true, module);
});

t.test('the package: each dependency has an address and a hash', { skip: lacksNix }, async (t) => {
  const read = `let package = ${flake}.packages.aarch64-darwin.default; in {
    inherit (package) pname version;
    inherit (package.meta) mainProgram;
    files = map baseNameOf package.src.fileset;
    locked = builtins.mapAttrs (_: entry: { inherit (entry) resolved integrity; }) (builtins.removeAttrs package.npmDeps.packageLock.packages [ "" ]);
  }`;
  const found = evaluate(read) as {
    readonly files: readonly string[];
    readonly locked: { readonly [path: string]: { readonly resolved: string; readonly integrity: string } };
  };
  t.match(found, { pname: 'nixspec', version: manifest.version, mainProgram: 'nixspec' });
  t.same(
    manifest.files.filter((file: string) => file !== 'dist' && !found.files.includes(file)),
    [],
    'all that is published is part of the source',
  );
  const locked = Object.entries(found.locked);
  t.ok(locked.length > 100, `${locked.length} packages`);
  for (const [path, { resolved, integrity }] of locked) {
    const name = path.replace(/^.*node_modules\//, '');
    if (!resolved.includes(`/${name}/-/${name.replace(/^@.*\//, '')}-`) || !integrity.startsWith('sha'))
      t.fail(`${path}: ${resolved} ${integrity}`);
  }
});

t.test('the package installs the manual page and completion', { skip: lacksNix }, async (t) => {
  const script = evaluate(`${flake}.packages.x86_64-linux.default.postInstall`) as string;
  // What they are named and how they read: nixpkgs's installShellFiles, which sees to where they go.
  const stubs = `set -eu
cd "$1"; ln -s ${root}dist ${root}node_modules ${root}package.json .
installManPage() { echo "man $*"; test -s "$1"; }
installShellCompletion() { echo "completion $*"; wc -l < nixspec.fish; }`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${stubs}\n${script}`, 'bash', t.testdir({})], {
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  t.match(
    stdout,
    /^man dist\/nixspec\.1\ncompletion --cmd nixspec --bash nixspec\.bash --zsh nixspec\.zsh --fish nixspec\.fish\n[1-9]\d+\n$/,
  );
});

t.test('the demo: two generations of a host as staging VMs', { skip: lacksNix }, async (t) => {
  const text = evaluate(`${flake}.apps.x86_64-linux.demo.program`);
  t.equal(text, '/nix/store/nixspec-demo/bin/nixspec-demo');
  const script = evaluate(
    `(import ${root}test/nix/stub-nixpkgs.nix).legacyPackages.x86_64-linux.callPackage ${root}nix/demo { nixpkgs = import ${root}test/nix/stub-nixpkgs.nix; nixspec = "/nix/store/nixspec"; }).text`.replace(
      '(import',
      '((import',
    ),
  );
  t.match(script, 'NIXSPEC_DEMO_VM=/nix/store/demo-vm/bin/run-demo-vm');
});

t.test('the checks of the flake', { skip: lacksNix }, async (t) => {
  const checks = `${flake}.checks.x86_64-linux`;
  t.match(evaluate(`${checks}.staging.testScript`), 'nixspec verify here --spec /nix/store/spec.yaml');
  t.match(evaluate(`${checks}.over-ssh.testScript`), 'nixspec verify server --spec /nix/store/spec.yaml');
  t.same(
    evaluate(
      `lib.mapAttrs (_: vm: vm.config.nixspec.vm.restrictNetwork) { inherit (${checks}) vm vm-open vm-pebble; }`,
    ),
    { vm: true, 'vm-open': false, 'vm-pebble': true },
  );
});
