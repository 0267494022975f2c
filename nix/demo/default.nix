# pkgs.callPackage ./demo { inherit nixpkgs nixspec; }: what `nix run .#demo` runs. Both generations are VMs, since there is no
# production that everybody has; they are built beforehand, so that nothing is built while it runs.
{
  lib,
  nixpkgs,
  nixspec,
  stdenv,
  writeShellApplication,
}:
let
  vm =
    modules:
    (import ../lib.nix).vm (nixpkgs.lib.nixosSystem {
      modules = [
        ./host.nix
        { nixpkgs.hostPlatform = stdenv.hostPlatform.system; }
      ]
      ++ modules;
    }) { };
in
writeShellApplication {
  name = "nixspec-demo";
  runtimeInputs = [ nixspec ];
  text = ''
    folder=$(mktemp --directory)
    trap 'rm -rf "$folder"' EXIT
    cp ${./spec.yaml} "$folder/spec.yaml"
    export NIXSPEC_DEMO_VM=${lib.getExe (vm [ ])}
    export NIXSPEC_DEMO_NEXT=${lib.getExe (vm [ ./next.nix ])}
    cd "$folder"
    echo 'Before the switch: does it work in the VM?'
    nixspec verify vm --spec spec.yaml
    echo
    echo 'After it, with a mistake in it: what differs?'
    nixspec verify production --spec spec.yaml
  '';
}
