import type { VmSettings } from './settings.js';

/** A host of a flake: `.#web` taken apart. */
export interface FlakeHost {
  /** What `builtins.getFlake` takes. */
  readonly url: string;
  /** The name under `nixosConfigurations`. */
  readonly host: string;
}

const mebibyte = 1024 ** 2;

/**
 * The VM of a host, with nixspec's own module put in by `extendModules`, so that the user's flake need not change.
 *
 * @param modulePath `nix/vm.nix`, absolute
 * @param folder what relative paths of the settings mean
 */
export function vmExpression(configuration: string, settings: VmSettings, modulePath: string): string {
  const imports = [modulePath, ...settings.modules].map((path) => `(/. + ${nixString(path)})`);
  const { memory, cores, disk, network, secrets, system } = settings;
  return `let
  host = ${configuration};
  extended = host.extendModules {
    modules = [
      {
        virtualisation.vmVariant = {
          imports = [ ${imports.join(' ')} ];
          nixspec.vm = {
            enable = true;
            memory = ${Math.round(memory / mebibyte)};
            cores = ${Math.round(cores)};
            disk = ${Math.round(disk / mebibyte)};
            restrictNetwork = ${network === 'restricted'};
            secrets = ${nixString(secrets)};
          };
        };
      }
${system === undefined ? '' : `      ({ lib, ... }: { nixpkgs.hostPlatform = lib.mkForce ${nixString(system)}; })\n`}    ];
  };
in extended.config.system.build.vm`;
}

export function flakeConfiguration({ url, host }: FlakeHost): string {
  return `(builtins.getFlake ${nixString(url)}).nixosConfigurations.${nixString(host)}`;
}

/** @param file absolute path of a `configuration.nix` */
export function fileConfiguration(file: string): string {
  return `import <nixpkgs/nixos/lib/eval-config.nix> { system = null; modules = [ (/. + ${nixString(file)}) ]; }`;
}

/** As a string literal of Nix: nothing in it is code. */
export function nixString(text: string): string {
  const escaped = text
    .replace(/["\\]|\$\{/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `"${escaped}"`;
}
