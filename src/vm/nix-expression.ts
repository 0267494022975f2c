import type { VmSettings } from './settings.js';

/** What Nix is asked about a VM, and answers as JSON; `missing` in place of the rest where there is no such host. */
export interface DescribedVm {
  /** The hosts of the flake, where none was named and there is not just one, or it has none of that name. */
  readonly missing?: readonly string[];
  readonly derivation?: string;
  /** Where in the store it will be. */
  readonly output?: string;
  /** Which host it is. */
  readonly name?: string;
  /** What the start script runs on. */
  readonly runs?: string;
  /** The system of the host itself, where it can be evaluated: what a switch of the real machine would bring. */
  readonly toplevel?: string;
  /** In place of these, where it is to be on a network: what the others are to know of it. */
  readonly machine?: unknown;
}

/** The platforms that matter, in Nix's words: `x86_64-linux`. */
export interface WantedPlatforms {
  /** The machine that nixspec runs on. */
  readonly runner: string;
  /** The VM's own. */
  readonly guest: string;
}

const mebibyte = 1024 ** 2;

/**
 * A function from a NixOS configuration to what is to be known of its VM. nixspec's own module is put in by `extendModules`, so
 * that the user's flake need not change. It goes where NixOS makes the VM of (`virtualisation.vmVariant`), and so does the
 * platform: the host itself is asked for its own only.
 *
 * @param modulePath `nix/vm.nix`, absolute
 * @param more a further module, as Nix has it
 * @param wanted the VM, or what other machines of its network are to know of it
 */
export function describeExtended(
  settings: VmSettings,
  platforms: WantedPlatforms,
  modulePath: string,
  { more, wanted = 'vm' }: { readonly more?: string; readonly wanted?: 'vm' | 'machine' } = {},
): string {
  const { memory, cores, disk, network, secrets, seed } = settings;
  const imports = [modulePath, ...settings.modules].map((path) => `(/. + ${nixString(path)})`);
  if (more !== undefined) imports.push(more);
  const [runner, guest] = [nixString(platforms.runner), nixString(platforms.guest)];
  const emulates = platforms.runner !== platforms.guest;
  const described =
    wanted === 'vm'
      ? `(${describeOwn}) vm // (
  if toplevel.success && toplevel.value != null
  then { toplevel = builtins.unsafeDiscardStringContext (toString toplevel.value); }
  else { }
)`
      : '{ machine = extended.config.virtualisation.vmVariant.nixspec.vm.private.self; }';
  return `host:
let
  own = host.pkgs.stdenv.hostPlatform.system or host.config.nixpkgs.hostPlatform.system;
  platform = { lib, ... }: { nixpkgs.hostPlatform = lib.mkForce ${guest}; };
  startScript = { lib, ... }: { virtualisation.host.pkgs = lib.mkForce (import host.pkgs.path { system = ${runner}; }); };
  extended = host.extendModules {
    modules = [
      {
        virtualisation.vmVariant = { lib, ... }: {
          imports = [ ${imports.join(' ')} ]
            ++ (if own == ${guest} then [ ] else [ platform ])${emulates ? '\n            ++ [ startScript ]' : ''};
          # The spec goes before what the host's own configuration says of its VM in passing, and its mkForce before the spec.
          nixspec.vm = builtins.mapAttrs (_: lib.mkOverride 90) {
            enable = true;
            memory = ${Math.round(memory / mebibyte)};
            cores = ${Math.round(cores)};
            disk = ${Math.round(disk / mebibyte)};
            restrictNetwork = ${network === 'restricted'};
            secrets = ${nixString(secrets)};
${seed?.kind === 'files' ? `            seed = ${nixString(seed.path)};\n` : ''}          };
        };
      }
    ];
  };
  vm = extended.config.system.build.vm;
  toplevel = builtins.tryEval (host.config.system.build.toplevel.outPath or null);
in
builtins.trace "nixspec own \${own}" (${described})`;
}

/** A function from the VM of the user's own making to what is to be known of it: nothing where it is no derivation. */
export const describeOwn =
  'vm: if vm ? drvPath then { derivation = vm.drvPath; output = vm.outPath; runs = vm.system; } else { }';

/** A function from a flake's hosts to what `describe` says of one of them. @param name undefined: the only one */
export function describeHost(name: string | undefined, describe: string): string {
  const only = 'if builtins.length names == 1 then builtins.head names else null';
  return `hosts:
let
  names = builtins.attrNames hosts;
  name = ${name === undefined ? only : nixString(name)};
  describe = ${describe};
in
if name == null || !(hosts ? \${name}) then { missing = names; } else { inherit name; } // describe hosts.\${name}`;
}

/** @param file absolute path of a `configuration.nix` */
export function fileConfiguration(file: string): string {
  return `import <nixpkgs/nixos/lib/eval-config.nix> { modules = [ (/. + ${nixString(file)}) ]; }`;
}

/** As a string literal of Nix: nothing in it is code. */
export function nixString(text: string): string {
  const escaped = text
    .replace(/["\\]|\$\{/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `"${escaped}"`;
}
