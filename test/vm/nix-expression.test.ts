// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Nix writes its own like that
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { fileConfiguration, flakeConfiguration, nixString, vmExpression } from '../../src/vm/nix-expression.js';
import { readVmSettings } from '../../src/vm/settings.js';

const gibibyte = 1024 ** 3;
const settings = readVmSettings({ memory: 4 * gibibyte, cores: 2, disk: 10 * gibibyte });

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

t.test('Nix reads it as it was', { skip: noNix ?? false }, async (t) => {
  for (const [text, literal] of texts) {
    const { stdout } = spawnSync('nix-instantiate', ['--eval', '--json', '-E', literal], { encoding: 'utf8' });
    t.equal(JSON.parse(stdout), text, literal);
  }
});

t.test('a host of a flake, and a file', async (t) => {
  t.equal(
    flakeConfiguration({ url: 'git+file:///srv/conf?rev=1', host: 'we"b' }),
    '(builtins.getFlake "git+file:///srv/conf?rev=1").nixosConfigurations."we\\"b"',
  );
  t.match(fileConfiguration('/srv/configuration.nix'), 'modules = [ (/. + "/srv/configuration.nix") ]');
});

t.test('the module and the settings reach the VM', async (t) => {
  const text = vmExpression('HOST', { ...settings, modules: ['/srv/staging.nix'] }, '/lib/vm.nix');
  for (const part of [
    'host = HOST;',
    'imports = [ (/. + "/lib/vm.nix") (/. + "/srv/staging.nix") ];',
    'memory = 4096;',
    'cores = 2;',
    'disk = 10240;',
    'restrictNetwork = true;',
    'secrets = "dummy";',
    'in extended.config.system.build.vm',
  ]) {
    t.match(text, part);
  }
  t.notMatch(text, 'hostPlatform');
  const other = vmExpression('HOST', { ...settings, system: 'x86_64-linux', network: 'open' }, '/lib/vm.nix');
  t.match(other, 'nixpkgs.hostPlatform = lib.mkForce "x86_64-linux"');
  t.match(other, 'restrictNetwork = false;');
});
