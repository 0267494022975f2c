# The options of agenix and sops-nix that tell where a secret is to be, and the installers' activation scripts.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  string = default: mkOption { type = types.str; inherit default; };
  orNull = type: default: mkOption { type = types.nullOr type; inherit default; };
  group = owner: config.users.users.${owner}.group or "0";
in
{
  options.age = {
    secretsDir = mkOption { type = types.path; default = "/run/agenix"; };
    secrets = mkOption {
      default = { };
      type = types.attrsOf (types.submodule ({ name, config, ... }: {
        options = { name = string name; file = mkOption { type = types.path; }; path = string "/run/agenix/${config.name}"; mode = string "0400"; owner = string "0"; group = string (group config.owner); };
      }));
    };
  };
  options.sops = {
    age.generateKey = mkOption { type = types.bool; default = false; };
    useSystemdActivation = mkOption { type = types.bool; default = config.systemd.sysusers.enable || config.services.userborn.enable; };
    placeholder = mkOption { type = types.attrsOf types.str; default = lib.mapAttrs (name: _: "<SOPS:${name}>") config.sops.secrets; };
    secrets = mkOption {
      default = { };
      type = types.attrsOf (types.submodule ({ name, config, ... }: {
        options = {
          name = string name;
          neededForUsers = mkOption { type = types.bool; default = false; };
          path = string (if config.neededForUsers then "/run/secrets-for-users/${config.name}" else "/run/secrets/${config.name}");
          mode = string "0400"; owner = orNull types.str null; uid = orNull types.int 0; group = orNull types.str null; gid = orNull types.int 0;
        };
      }));
    };
    templates = mkOption {
      default = { };
      type = types.attrsOf (types.submodule ({ name, config, ... }: {
        options = {
          content = mkOption { type = types.lines; default = ""; };
          file = string "/nix/store/template-${name}";
          path = string "/run/secrets/rendered/${name}";
          mode = string "0400"; owner = orNull types.str null; uid = orNull types.int 0; group = orNull types.str null; gid = orNull types.int 0;
        };
      }));
    };
  };
  config.system.activationScripts = lib.optionalAttrs (config.age.secrets != { }) {
    agenixInstall = { text = "decrypts"; deps = [ "agenixNewGeneration" ]; };
    agenixChown = { text = "owns"; deps = [ "users" ]; };
  } // lib.optionalAttrs (config.sops.secrets != { }) { setupSecrets = { text = "decrypts"; deps = [ "users" ]; }; };
}
