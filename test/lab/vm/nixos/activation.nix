# Activation scripts, users and groups: what runs between the initrd and systemd, in the order of what needs what. As in
# NixOS it is bash, with coreutils, findutils and grep, and a script that fails is told and passed over.
{ config, lib, ... }:
let
  inherit (lib) attrNames concatMapStringsSep concatStrings elem escapeShellArg filterAttrs foldl' mapAttrsToList mkOption optionalString types;
  scripts = config.system.activationScripts;
  ordered = foldl' visit [ ] (attrNames scripts);
  visit = done: name: if elem name done then done else foldl' visit done (scripts.${name} or (throw "there is no activation script ${name}")).deps ++ [ name ];
  snippet = name: optionalString (scripts.${name}.text != "") ''
    _localstatus=0
    ${scripts.${name}.text}
    [ $_localstatus = 0 ] || echo "Activation script snippet '${name}' failed ($_localstatus)"
  '';

  people = filterAttrs (name: user: name != "root" && (user.isSystemUser || user.isNormalUser)) config.users.users;
  addUser = name: user: ''
    [ -n "$(/usr/bin/getent passwd ${name})" ] || /usr/sbin/useradd ${if user.isSystemUser then "-r -M" else "-m -s /bin/bash"} -g ${user.group} ${optionalString (user.home != null) "-d ${user.home}"} ${name}
    ${optionalString (user.hashedPasswordFile != null) "/usr/sbin/usermod -p \"$(cat ${user.hashedPasswordFile})\" ${name}"}
  '';
in
{
  options = {
    system.activationScripts = mkOption {
      default = { };
      type = types.attrsOf (types.coercedTo types.str (text: { inherit text; }) (types.submodule {
        options.text = mkOption { type = types.lines; default = ""; };
        options.deps = mkOption { type = types.listOf types.str; default = [ ]; };
      }));
    };
    users.users = mkOption {
      default = { };
      type = types.attrsOf (types.submodule {
        options = {
          isSystemUser = mkOption { type = types.bool; default = false; };
          isNormalUser = mkOption { type = types.bool; default = false; };
          group = mkOption { type = types.str; default = ""; };
          home = mkOption { type = types.nullOr types.str; default = null; };
          hashedPasswordFile = mkOption { type = types.nullOr types.str; default = null; };
        };
      });
    };
    users.groups = mkOption { type = types.attrsOf types.attrs; default = { }; };
  };
  config = {
    system.activationScripts = {
      specialfs = "";
      groups.text = concatMapStringsSep "\n" (name: "[ -n \"$(/usr/bin/getent group ${name})\" ] || /usr/sbin/groupadd -r ${escapeShellArg name}") (attrNames config.users.groups);
      users.text = concatStrings (mapAttrsToList addUser people);
      users.deps = [ "groups" ];
    };
    system.build.activationScript = ''
      #!/bin/bash
      export PATH=/usr/lib/nixpkgs/coreutils/bin:/usr/lib/nixpkgs/gnugrep/bin:/usr/lib/nixpkgs/findutils/bin
      trap '_localstatus=$?' ERR
    '' + concatMapStringsSep "" snippet ordered;
  };
}
