# The VM variant of a host, as nixspec makes it: with nix/vm.nix put in by extendModules.
#
# Where `nixpkgs` is a whole nixpkgs, it is NixOS itself that is evaluated. With nixpkgs's `lib` alone, or without any,
# the options are those of nixos-options.nix, evaluated by nixpkgs's module system or the tests' own.
{
  nixpkgs ? null,
  release ? "26.05",
  vmModule ? ../../nix/vm.nix,
}:
let
  isNixos = nixpkgs != null && builtins.pathExists (nixpkgs + "/nixos/lib/eval-config.nix");
  modules = if nixpkgs == null then import ./minimal-modules.nix else { inherit (import (nixpkgs + "/lib")) evalModules; lib = import (nixpkgs + "/lib"); };
  pkgs = modules.lib.genAttrs [ "coreutils" "dnsmasq" "gnutar" "gzip" "iproute2" "linuxPackages" "minica" "pebble" "util-linux" "wireguard-tools" "xz" "zstd" ] (name: "/nix/store/${name}") // { writeShellScript = name: text: text; };
  evaluate =
    host:
    if isNixos then
      import (nixpkgs + "/nixos/lib/eval-config.nix") { system = "x86_64-linux"; modules = [ { system.stateVersion = "25.11"; nixpkgs.hostPlatform = "x86_64-linux"; } ] ++ host; }
    else
      modules.evalModules { modules = [ (import ./nixos-options.nix release) { _module.args = { inherit pkgs; }; } ] ++ host; };
in
{
  inherit isNixos evaluate;
  inherit (modules) lib;
  vmOf =
    host: settings:
    ((evaluate host).extendModules { modules = [ { virtualisation.vmVariant = { imports = [ vmModule ]; nixspec.vm = { enable = true; } // settings; }; } ]; }).config.virtualisation.vmVariant;
}
