# What reaches out. A restricted network keeps it in already; but backups, upgrades, mail and tunnels that start and find no
# way out fail, and with an open network they would do to the world what production does. Their services are held by a
# condition that is not met: systemd skips them, which is no failure, and their timers stay what they are in production.
# `touch /run/nixspec/outgoing` in the VM lets them run.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib)
    attrNames
    concatMap
    genAttrs
    getAttrFromPath
    hasAttrByPath
    mkIf
    mkMerge
    mkOption
    mkVMOverride
    optional
    optionalAttrs
    optionals
    setAttrByPath
    types
    unique
    ;
  cfg = config.nixspec.vm;
  setting = path: value: optionalAttrs (hasAttrByPath path options) (setAttrByPath path value);
  condition = { unitConfig.ConditionPathExists = [ "/run/nixspec/outgoing" ]; };

  # Services by what turns them on, and by the sets that they are named after.
  switched = [
    { on = [ "system" "autoUpgrade" "enable" ]; unit = "nixos-upgrade"; }
    { on = [ "services" "comin" "enable" ]; unit = "comin"; }
    { on = [ "services" "borgmatic" "enable" ]; unit = "borgmatic"; }
    { on = [ "services" "zrepl" "enable" ]; unit = "zrepl"; }
    { on = [ "services" "znapzend" "enable" ]; unit = "znapzend"; }
    { on = [ "services" "zfs" "autoReplication" "enable" ]; unit = "zfs-replication"; }
    { on = [ "services" "duplicity" "enable" ]; unit = "duplicity"; }
    { on = [ "services" "ddclient" "enable" ]; unit = "ddclient"; }
    { on = [ "services" "inadyn" "enable" ]; unit = "inadyn"; }
    { on = [ "services" "nullmailer" "enable" ]; unit = "nullmailer"; }
  ];
  named = [
    { set = [ "services" "restic" "backups" ]; unit = name: "restic-backups-${name}"; }
    { set = [ "services" "borgbackup" "jobs" ]; unit = name: "borgbackup-job-${name}"; }
    { on = [ "services" "tarsnap" "enable" ]; set = [ "services" "tarsnap" "archives" ]; unit = name: "tarsnap-${name}"; }
    { on = [ "services" "cloudflared" "enable" ]; set = [ "services" "cloudflared" "tunnels" ]; unit = name: "cloudflared-tunnel-${name}"; }
  ];
  isOn = path: hasAttrByPath path options && getAttrFromPath path config;
  isJoining = isOn [ "services" "tailscale" "enable" ] && config.services.tailscale.authKeyFile or null != null;
  found =
    concatMap ({ on, unit }: optional (isOn on) unit) switched
    ++ concatMap ({ set, unit, on ? null }: optionals (hasAttrByPath set options && (on == null || isOn on)) (map unit (attrNames (getAttrFromPath set config)))) named
    ++ optional isJoining "tailscaled-autoconnect";
in
{
  options.nixspec.vm = {
    outgoing = mkOption {
      type = types.enum [ "held" "allowed" ];
      default = "held";
      description = "Whether services that do something to the outside are held: backups, upgrades of this host, mail, dynamic DNS, tunnels of others' networks.";
    };
    held = mkOption {
      type = types.listOf types.str;
      default = found;
      defaultText = lib.literalExpression "those of NixOS's modules for backups, upgrades, mail, dynamic DNS and tunnels";
      description = "Services, without `.service`, that are held. More can be added by `nixspec.vm.alsoHeld`.";
    };
    alsoHeld = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "newsletter" ];
      description = "Services of this host's own, without `.service`, that are held too.";
    };
  };

  config = mkIf (cfg.enable && cfg.outgoing == "held") (mkMerge [
    { systemd.services = genAttrs (unique (cfg.held ++ cfg.alsoHeld)) (_: condition); }
    (setting [ "services" "syncoid" "service" ] condition)
    # Mail for elsewhere stays in the queue; local mail is delivered (postconf(5)).
    (setting [ "services" "postfix" "settings" "main" ] { defer_transports = mkVMOverride "smtp, relay"; })
  ]);
}
