# As much of nixpkgs as flake.nix asks of it, to evaluate its outputs where there is no nixpkgs: packages are what they are
# made of, hosts are evaluated with the tests' own options.
let
  it = import ./evaluate.nix { };
  lib = it.lib // {
    nixosSystem = { modules }: it.evaluate (modules ++ [ build ]);
    importJSON = file: builtins.fromJSON (builtins.readFile file);
    licenses.mit = "MIT";
    fileset = {
      toSource = { root, fileset }: { outPath = toString root; inherit fileset; };
      # A file that there is not is a mistake for nixpkgs, too.
      unions = map (file: if builtins.pathExists file then toString file else throw "${toString file} does not exist");
    };
  };
  build =
    { config, ... }:
    {
      options.system.build = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.raw; };
      config.system.build.vm = lib.mkDefault { name = "run-${config.networking.hostName}-vm"; outPath = "/nix/store/${config.networking.hostName}-vm"; meta.mainProgram = "run-${config.networking.hostName}-vm"; inherit config; };
    };
  package = name: { inherit name; outPath = "/nix/store/${name}"; };
  packagesOf =
    system:
    let
      packages = lib.genAttrs [ "installShellFiles" "makeWrapper" "nix" "nixfmt-tree" "openssh" "qemu" "qemu-utils" ] package // {
        inherit lib;
        callPackage = file: given: let make = import file; in make (builtins.intersectAttrs (builtins.functionArgs make) packages // given);
        stdenv.hostPlatform = { inherit system; };
        nodejs = package "nodejs" // { meta.platforms = [ "all" ]; };
        importNpmLock = { __functor = _: given: given; npmConfigHook = package "hook"; };
        buildNpmPackage = given: given // package given.pname;
        mkShell = given: given // package "shell";
        writeShellApplication = given: given // package given.name;
        writeText = name: text: { inherit text; } // package name;
        writeTextDir = name: _: "/nix/store/${name}";
        testers.runNixOSTest = given: { type = "test"; } // given // package given.name;
      };
    in
    packages;
in
{
  inherit lib;
  legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" "aarch64-darwin" ] packagesOf;
}
