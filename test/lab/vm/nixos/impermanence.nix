# The module of impermanence, in small: directories of the root that are on a file system that persists, by bind mounts.
{ config, lib, ... }:
let
  inherit (lib) concatLists concatMapStrings mapAttrsToList mkOption types;
  option = type: default: mkOption { inherit type default; };
  directories = concatLists (mapAttrsToList (persistent: { directories, ... }: map (directory: directory // { what = persistent + directory.directory; }) directories) config.environment.persistence);
  neededForBoot = path: !(config.fileSystems ? ${path}) || config.fileSystems.${path}.neededForBoot;
in
{
  options.environment.persistence = mkOption {
    default = { };
    type = types.attrsOf (types.submodule {
      options.directories = mkOption {
        default = [ ];
        type = types.listOf (types.coercedTo types.str (directory: { inherit directory; }) (types.submodule {
          options = { directory = mkOption { type = types.str; }; user = option types.str "root"; group = option types.str "root"; mode = option types.str "0755"; };
        }));
      };
    });
  };
  config = {
    assertions = mapAttrsToList (path: _: { assertion = neededForBoot path; message = "environment.persistence: the file system ${path} needs neededForBoot"; }) config.environment.persistence;
    system.activationScripts.persist-directories = {
      deps = [ "users" "groups" ];
      text = concatMapStrings ({ directory, what, user, group, mode }: ''
        for path in ${what} ${directory}; do
          mkdir -p $path
          chown ${user}:${group} $path
          chmod ${mode} $path
        done
      '') directories;
    };
    systemd.mounts = map ({ directory, what, ... }: {
      inherit what;
      where = directory;
      type = "none";
      options = "bind";
      wantedBy = [ "local-fs.target" ];
      before = [ "local-fs.target" ];
      unitConfig.DefaultDependencies = false;
    }) directories;
  };
}
