{
  description = "Hosts in the shape of NixOS's, without nixpkgs and without a network: what the tests of `verify vm` build and boot";

  # vm-lab.sh puts minimal-modules.nix beside this file.
  outputs =
    { self }:
    let
      inherit (import ./minimal-modules.nix) lib evalModules;
      nixosSystem = modules: evalModules { modules = [ ./nixos/system.nix ./nixos/services.nix ./nixos/build-vm.nix ] ++ modules; };
    in
    {
      inherit lib;
      nixosConfigurations = lib.genAttrs [
        "demo" "demo-next" "degraded" "hangs" "no-ssh" "small-disk" "panics" "broken-build" "broken-evaluation" "web" "db" "everything"
      ] (name: nixosSystem [ (./hosts + "/${name}.nix") ]);
    };
}
