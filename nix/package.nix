# pkgs.callPackage ./package.nix { }
{
  lib,
  buildNpmPackage,
  importNpmLock,
  installShellFiles,
  makeWrapper,
  nix,
  nodejs,
  openssh,
  qemu-utils,
}:
let
  root = ../.;
  manifest = lib.importJSON (root + "/package.json");
  lock = lib.importJSON (root + "/package-lock.json");

  # The lock names no registry, so that it holds for every mirror; what each package is, its `integrity` says.
  nameOf = path: lib.last (lib.splitString "node_modules/" path);
  fetched =
    path: entry:
    let
      name = entry.name or (nameOf path);
      file = "${baseNameOf name}-${entry.version}.tgz";
    in
    entry // lib.optionalAttrs (path != "" && entry ? integrity && !(entry ? resolved)) { resolved = "https://registry.npmjs.org/${name}/-/${file}"; };
in
buildNpmPackage {
  pname = manifest.name;
  inherit (manifest) version;

  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      (root + "/docs")
      (root + "/nix")
      (root + "/package-lock.json")
      (root + "/package.json")
      (root + "/schema")
      (root + "/scripts")
      (root + "/specs")
      (root + "/src")
      (root + "/tsconfig.json")
      (root + "/LICENSE")
      (root + "/README.md")
    ];
  };

  npmDeps = importNpmLock {
    package = manifest;
    packageLock = lock // {
      packages = lib.mapAttrs fetched lock.packages;
    };
  };
  inherit (importNpmLock) npmConfigHook;
  # As .npmrc has it.
  npmFlags = [ "--ignore-scripts" ];

  nativeBuildInputs = [
    installShellFiles
    makeWrapper
  ];
  # By node itself: the program of $out is not wrapped yet.
  postInstall = ''
    installManPage dist/nixspec.1
    for shell in bash zsh fish; do
      node dist/cli.js completion "$shell" > nixspec."$shell"
    done
    installShellCompletion --cmd nixspec --bash nixspec.bash --zsh nixspec.zsh --fish nixspec.fish
  '';

  # Behind the user's own, whose configuration and version are meant where they are there.
  postFixup = ''
    wrapProgram $out/bin/nixspec --suffix PATH : ${
      lib.makeBinPath [
        nix
        openssh
        qemu-utils
      ]
    }
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    runHook preInstallCheck
    $out/bin/nixspec --version
    $out/bin/nixspec lint specs/whole-server.yaml
    runHook postInstallCheck
  '';

  meta = {
    inherit (manifest) description;
    license = lib.licenses.mit;
    mainProgram = "nixspec";
    inherit (nodejs.meta) platforms;
  };
}
