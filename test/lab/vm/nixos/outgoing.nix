# Services that do something to the outside, by NixOS's options: a backup, and the upgrade of the host by itself.
{ config, lib, ... }:
let
  inherit (lib) mapAttrs' mkIf mkMerge mkOption nameValuePair types;
  option = type: default: mkOption { inherit type default; };
  upgrade = config.system.autoUpgrade;
in
{
  options = {
    services.restic.backups = mkOption {
      default = { };
      type = types.attrsOf (types.submodule { options = { repository = mkOption { type = types.str; }; paths = option (types.listOf types.str) [ ]; passwordFile = mkOption { type = types.str; }; }; });
    };
    system.autoUpgrade = { enable = option types.bool false; flake = option (types.nullOr types.str) null; dates = option types.str "04:40"; };
  };
  config = mkMerge [
    {
      systemd.services = mapAttrs' (name: backup: nameValuePair "restic-backups-${name}" {
        serviceConfig.Type = "oneshot";
        script = "echo cannot reach ${backup.repository} >&2\nexit 1\n";
      }) config.services.restic.backups;
      # So often that one is tried while the machine boots, if it is not held.
      systemd.timers = mapAttrs' (name: _: nameValuePair "restic-backups-${name}" { wantedBy = [ "timers.target" ]; timerConfig.OnBootSec = "1s"; }) config.services.restic.backups;
    }
    (mkIf upgrade.enable {
      systemd.services.nixos-upgrade = { serviceConfig.Type = "oneshot"; script = "echo cannot fetch ${toString upgrade.flake} >&2\nexit 1\n"; };
      systemd.timers.nixos-upgrade = { wantedBy = [ "timers.target" ]; timerConfig.OnBootSec = "1s"; };
    })
  ];
}
