# The module of agenix, in small: its options, and its activation scripts by their names and in their order. This one needs
# no key: it "decrypts" whatever there is, so that a secret of production that is installed in a VM shows.
{ config, lib, ... }:
let
  inherit (lib) attrValues concatMapStrings mkIf mkOption types;
  inherit (config.age) secrets;
  option = type: default: mkOption { inherit type default; };
in
{
  options.age = {
    secretsDir = option types.str "/run/agenix";
    identityPaths = option (types.listOf types.str) [ "/etc/ssh/ssh_host_ed25519_key" ];
    secrets = mkOption {
      default = { };
      type = types.attrsOf (types.submodule ({ name, config, ... }: {
        options = {
          name = option types.str name;
          file = mkOption { type = types.path; };
          path = option types.str "/run/agenix/${config.name}";
          mode = option types.str "0400";
          owner = option types.str "0";
          group = option types.str "0";
        };
      }));
    };
  };
  config.system.activationScripts = mkIf (secrets != { }) {
    agenixNewGeneration = { text = "mkdir -p /run/agenix.d/1\nln -sfn /run/agenix.d/1 ${config.age.secretsDir}\n"; deps = [ "specialfs" ]; };
    agenixInstall = {
      text = concatMapStrings ({ file, path, mode, ... }: "mkdir -p $(dirname ${path})\ncp ${file} ${path}\nchmod ${mode} ${path}\n") (attrValues secrets);
      deps = [ "agenixNewGeneration" "specialfs" ];
    };
    users.deps = [ "agenixInstall" ];
    agenixChown = { text = concatMapStrings ({ path, owner, group, ... }: "chown ${owner}:${group} ${path}\n") (attrValues secrets); deps = [ "users" "groups" ]; };
    agenix = { text = ""; deps = [ "agenixChown" ]; };
  };
}
