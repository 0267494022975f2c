# A boot that never ends: a unit that everything waits for.
{ lib, ... }:
{
  imports = [ ./demo.nix ];
  systemd.services.unlock-data = {
    description = "Waiting for the key of the data disk";
    requiredBy = [ "basic.target" ];
    before = [ "basic.target" ];
    unitConfig.DefaultDependencies = false;
    serviceConfig = { Type = "oneshot"; TimeoutStartSec = "infinity"; };
    script = "exec sleep infinity";
  };
}
