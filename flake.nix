{
  description = "Verify a NixOS server against YAML assertions: in its staging VM before the switch, on production right after it";

  # There is no flake.lock here yet: it is made where the network is, by `nix flake lock`.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      forSystems = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      forLinux = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
      ];
      demo = modules: lib.nixosSystem { modules = [ ./nix/demo/host.nix { nixpkgs.hostPlatform = "x86_64-linux"; } ] ++ modules; };
      pkgsOf = system: nixpkgs.legacyPackages.${system};
    in
    {
      packages = forSystems (system: rec {
        nixspec = (pkgsOf system).callPackage ./nix/package.nix { };
        default = nixspec;
      });

      overlays.default = final: _: { nixspec = final.callPackage ./nix/package.nix { }; };

      # `default`: a spec beside a host's configuration. `vm`: the staging VM alone, for `virtualisation.vmVariant`.
      nixosModules = {
        default = ./nix/module.nix;
        nixspec = ./nix/module.nix;
        vm = ./nix/vm.nix;
      };

      lib = import ./nix/lib.nix;

      # What `nix run .#demo` verifies: two generations of one small server.
      nixosConfigurations = {
        demo = demo [ ];
        demo-next = demo [ ./nix/demo/next.nix ];
      };

      apps = forLinux (system: {
        demo = {
          type = "app";
          meta.description = "Verifies a small server in its VM, then the next generation of it, and compares the two";
          program = lib.getExe (
            (pkgsOf system).writeShellApplication {
              name = "nixspec-demo";
              runtimeInputs = [ self.packages.${system}.nixspec ];
              text = ''
                export NIXSPEC_DEMO=${self}
                spec=${./nix/demo/spec.yaml}
                echo "Before the switch: does it work in the VM?"
                nixspec verify vm --spec "$spec"
                echo "After it, with a mistake in it: what differs?"
                nixspec verify next --spec "$spec"
              '';
            }
          );
        };
      });

      checks = forLinux (
        system:
        import ./nix/checks.nix {
          pkgs = pkgsOf system;
          inherit (self.packages.${system}) nixspec;
        }
      );

      formatter = forSystems (system: (pkgsOf system).nixfmt-tree);
    };
}
