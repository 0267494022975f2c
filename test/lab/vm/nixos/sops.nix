# The module of sops-nix, in small: its options, and its activation scripts by their names and in their order. It "decrypts"
# whatever there is, as agenix.nix does.
{ config, lib, pkgs, ... }:
let
  inherit (lib) attrValues concatMapStrings filterAttrs mkIf mkOption types;
  inherit (config.sops) secrets;
  option = type: default: mkOption { inherit type default; };
  orNull = type: default: mkOption { type = types.nullOr type; inherit default; };
  ownership = { mode = option types.str "0400"; owner = orNull types.str null; uid = orNull types.int 0; group = orNull types.str null; gid = orNull types.int 0; };
  install = { sopsFile, path, mode, ... }: "mkdir -p $(dirname ${path})\ncp ${sopsFile} ${path}\nchmod ${mode} ${path}\n";
  forUsers = attrValues (filterAttrs (_: secret: secret.neededForUsers) secrets);
  regular = attrValues (filterAttrs (_: secret: !secret.neededForUsers) secrets);
in
{
  options.sops = {
    age.generateKey = option types.bool false;
    useSystemdActivation = option types.bool false;
    placeholder = option (types.attrsOf types.str) (lib.mapAttrs (name: _: "<SOPS:${builtins.hashString "sha256" name}:PLACEHOLDER>") secrets);
    secrets = mkOption {
      default = { };
      type = types.attrsOf (types.submodule ({ name, config, ... }: {
        options = ownership // {
          sopsFile = mkOption { type = types.path; };
          neededForUsers = option types.bool false;
          path = option types.str "/run/secrets${lib.optionalString config.neededForUsers "-for-users"}/${name}";
        };
      }));
    };
    templates = mkOption {
      default = { };
      type = types.attrsOf (types.submodule ({ name, config, ... }: {
        options = ownership // {
          content = option types.lines "";
          file = option types.path (toString (pkgs.writeText name config.content));
          path = option types.str "/run/secrets/rendered/${name}";
        };
      }));
    };
  };
  config.system.activationScripts = mkIf (secrets != { }) {
    setupSecretsForUsers = mkIf (forUsers != [ ]) { text = concatMapStrings install forUsers; };
    users.deps = mkIf (forUsers != [ ]) [ "setupSecretsForUsers" ];
    setupSecrets = mkIf (regular != [ ]) { text = concatMapStrings install regular; deps = [ "specialfs" "users" "groups" ]; };
  };
}
