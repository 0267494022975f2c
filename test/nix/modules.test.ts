import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
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

/** A host that has nixspec's module itself, as its flake would bring it in. */
const withModule = `[ (${root}nix/module.nix) { nixspec.spec = /. + "/specs/web.yaml"; nixspec.staging = { memory = 4096; acme.orders = "pebble"; }; } { options.system.build = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.raw; }; options.environment.etc = lib.mkOption { type = lib.types.attrsOf (lib.types.submodule { options.source = lib.mkOption { type = lib.types.path; }; }); }; } ]`;

t.test("nixspec's module in a host", { skip: lacksNix }, async (t) => {
  const values = (settings: string) =>
    evaluate(`let vm = vmOf ${withModule} ${settings}; in [
      vm.nixspec.vm.enable vm.virtualisation.memorySize vm.nixspec.vm.acme.orders (toString vm.environment.etc."nixspec/spec".source) (toString vm.system.build.nixspecSpec)
    ]`);
  t.same(
    values('{ }'),
    [true, 4096, 'pebble', '/specs/web.yaml', '/specs/web.yaml'],
    'what it says about the VM holds',
  );
  t.same(
    values('{ memory = 1024; }'),
    [true, 1024, 'pebble', '/specs/web.yaml', '/specs/web.yaml'],
    'what nixspec is told by the spec goes before it',
  );
});

t.test('two copies of the VM module are one', { skip: lacksNix }, async (t) => {
  const copy = t.testdir();
  cpSync(join(root, 'nix'), copy, { recursive: true });
  const host = `{ virtualisation.vmVariant = { imports = [ ${copy}/vm.nix ]; nixspec.vm = { enable = true; cores = 3; }; }; }`;
  const vm = `(vmOf [ ${host} ] { memory = 1234; }).virtualisation`;
  t.same(evaluate(`[ ${vm}.memorySize ${vm}.cores ]`), [1234, 3]);
});

t.test('the library', { skip: lacksNix }, async (t) => {
  const library = `(import ${root}nix/lib.nix)`;
  const host =
    '{ extendModules = { modules }: { config.virtualisation.vmVariant = { seen = (builtins.head modules).virtualisation.vmVariant.nixspec.vm; system.build.vm = "the VM"; }; }; }';
  t.same(evaluate(`(${library}.staging ${host} { memory = 1; }).seen`), { enable: true, memory: 1 });
  t.equal(evaluate(`${library}.vm ${host} { }`), 'the VM');
});
