import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test as Tap } from 'tap';
import type { Value } from '../../src/model.js';
import { describeExtended } from '../../src/vm/nix-expression.js';
import { readVmSettings } from '../../src/vm/settings.js';
import { evaluate, evaluator, lacksNix, parse } from './nix.js';

t.comment(lacksNix || `evaluated by ${evaluator}`);

const root = new URL('../../', import.meta.url).pathname;
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

/** The VM that `nixspec verify vm` builds of a host: by the very expression that it gives to Nix. */
function verified(host: string, written: { readonly [key: string]: Value }, read: string): unknown {
  const platforms = { runner: 'x86_64-linux', guest: 'x86_64-linux' };
  const described = describeExtended(readVmSettings(written, '/srv'), platforms, join(root, 'nix/vm.nix'));
  const plain = '{ options.nixpkgs.hostPlatform.system = lib.mkOption { default = "x86_64-linux"; }; }';
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
  const host =
    '{ extendModules = { modules }: { config.virtualisation.vmVariant = { seen = (builtins.head modules).virtualisation.vmVariant.nixspec.vm; system.build.vm = "the VM"; }; }; }';
  t.same(evaluate(`(${library}.staging ${host} { memory = 1; }).seen`), { enable: true, memory: 1 });
  t.equal(evaluate(`${library}.vm ${host} { }`), 'the VM');
});
