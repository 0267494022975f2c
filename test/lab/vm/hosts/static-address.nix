# A production network of its own: no DHCP anywhere, so that a VM is cut off unless somebody sees to it.
{ lib, ... }:
{
  imports = [ ./demo.nix ];
  systemd.network.networks."10-lan" = {
    networkConfig.DHCP = lib.mkForce "no";
    address = [ "203.0.113.7/24" ];
    routes = [ { Gateway = "203.0.113.1"; } ];
  };
}
