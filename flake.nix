{
  description = "Verify a NixOS server against YAML assertions: in its staging VM before the switch, on production right after it";

  # There is no flake.lock here yet: it is made where the network is, by `nix flake lock`.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      linux = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forEach = systems: make: lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system} self.packages.${system}.nixspec);
      forAll = forEach (linux ++ [ "aarch64-darwin" ]);
    in
    {
      packages = forAll (
        pkgs: nixspec: {
          nixspec = pkgs.callPackage ./nix/package.nix { };
          default = nixspec;
        }
      );

      overlays.default = final: _: { nixspec = final.callPackage ./nix/package.nix { }; };

      # `default` for a host's `imports`; `vm` for `virtualisation.vmVariant.imports`.
      nixosModules = {
        default = ./nix/module.nix;
        vm = ./nix/vm.nix;
      };

      lib = import ./nix/lib.nix;

      apps = forEach linux (
        pkgs: nixspec: {
          demo = {
            type = "app";
            meta.description = "Verifies a small server in its VM, then a next generation of it with a mistake, and compares the two";
            program = lib.getExe (pkgs.callPackage ./nix/demo { inherit nixpkgs nixspec; });
          };
        }
      );

      checks = forEach linux (pkgs: nixspec: import ./nix/checks.nix { inherit pkgs nixspec; inherit (lib) nixosSystem; });

      devShells = forAll (
        pkgs: _: {
          default = pkgs.mkShell {
            packages = [
              pkgs.nodejs
              pkgs.qemu
            ];
          };
        }
      );

      formatter = forAll (pkgs: _: pkgs.nixfmt-tree);
    };
}
