// docs/vm-options.md from the descriptions in nix/vm/: `node scripts/vm-options.mjs` renews it, with `--check` it only says
// whether it is as it should be. It takes nix-instantiate, so that it is no part of `npm run generate`.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const file = `${root}docs/vm-options.md`;

const expression = `
let
  inherit (import ${root}test/nix/minimal-modules.nix) evalModules lib;
  found = evalModules { modules = [ ${root}nix/vm.nix { options.virtualisation.fileSystems = lib.mkOption { }; config._module = { args.pkgs = { }; check = false; }; } ]; };
  textOf = value: if value._type or null == "literalExpression" then value.text else builtins.toJSON value;
  tell = at: option: {
    name = lib.concatStringsSep "." at;
    type = option.type.description;
    inherit (option) description;
    default = if option ? defaultText then textOf option.defaultText else if option ? default then textOf option.default else null;
    isMade = option ? defaultText;
  };
  walk = at: set: lib.concatMap (name: let here = at ++ [ name ]; in if set.\${name}._type or null == "option" then (if set.\${name}.internal or false then [ ] else [ (tell here set.\${name}) ]) else walk here set.\${name}) (builtins.attrNames set);
in
walk [ "nixspec" ] (found.options.nixspec)`;

const { status, stdout, stderr } = spawnSync('nix-instantiate', ['--eval', '--strict', '--json', '-E', expression], {
  encoding: 'utf8',
});
if (status !== 0) {
  console.error(stderr);
  process.exit(1);
}

const head = `# Options of the staging VM

What \`nixspec.vm\` in a host's \`virtualisation.vmVariant\`, or in one of a target's \`modules\`, can say: see [the staging VM](vm.md).
This page is made of \`nix/vm/\` by \`node scripts/vm-options.mjs\`.
`;
const text = [head, ...JSON.parse(stdout).map(show)].join('\n');

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('docs/vm-options.md is not what nix/vm/ says: node scripts/vm-options.mjs');
  process.exit(1);
}

function show({ name, type, description, default: value, isMade }) {
  const otherwise = value === null ? '' : isMade ? `; ${value}` : `; \`${plain(value)}\``;
  const prose = description.trim().replace(/\{option\}`([^`]+)`/g, '`$1`');
  return `## ${name}\n\n${type}${otherwise}\n\n${prose}\n`;
}

/** JSON as Nix writes it. */
function plain(json) {
  return json
    .replace(/","/g, '" "')
    .replace(/^\[(.+)\]$/, '[ $1 ]')
    .replace('[]', '[ ]')
    .replace('{}', '{ }');
}
