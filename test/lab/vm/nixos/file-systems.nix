# File systems and mounts. What is needed for booting is mounted before the activation scripts run; NixOS's initrd does it.
{ config, lib, ... }:
let
  inherit (lib) concatStringsSep filterAttrs mapAttrsToList mkOption types;
  option = type: default: mkOption { inherit type default; };
  strings = option (types.listOf types.str) [ ];
  unitName = path: concatStringsSep "-" (lib.filter (part: part != "") (lib.splitString "/" path));
  isEarly = _: file: file.neededForBoot;
in
{
  options = {
    fileSystems = mkOption {
      default = { };
      type = types.attrsOf (types.submodule {
        options = { device = mkOption { type = types.str; }; fsType = option types.str "auto"; options = strings; neededForBoot = option types.bool false; };
      });
    };
    # A path with a dash in it would need systemd's escapes.
    systemd.mounts = mkOption {
      default = [ ];
      type = types.listOf (types.submodule {
        options = { what = mkOption { type = types.str; }; where = mkOption { type = types.strMatching "[/a-z]+"; }; type = option types.str ""; options = option types.str ""; wantedBy = strings; before = strings; unitConfig = option types.attrs { }; };
      });
    };
  };
  config = {
    system.build.earlyMounts = concatStringsSep "" (mapAttrsToList (path: file: "mkdir -p ${path}\nmount -t ${file.fsType} -o ${concatStringsSep "," ([ "rw" ] ++ file.options)} ${file.device} ${path}\n") (filterAttrs isEarly config.fileSystems));
    system.build.mountUnits = lib.listToAttrs (map ({ what, where, type, options, wantedBy, before, unitConfig }: lib.nameValuePair "${unitName where}.mount" {
      enable = true;
      inherit wantedBy;
      requiredBy = [ ];
      text = "[Unit]\nDefaultDependencies=${lib.boolToString (unitConfig.DefaultDependencies or true)}\nBefore=${concatStringsSep " " before}\n[Mount]\nWhat=${what}\nWhere=${where}\nType=${type}\nOptions=${options}\n";
    }) config.systemd.mounts);
  };
}
