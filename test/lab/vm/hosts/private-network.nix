# A machine of two production networks: `lan0` is shared with the other machines, `wan0` leads to the world through a
# router. It knows nothing of nixspec, and asks nobody for an address.
{ config, lib, ... }:
let
  inherit (config.lab) network;
in
{
  options.lab.network = { lan = lib.mkOption { type = lib.types.str; }; wan = lib.mkOption { type = lib.types.str; }; router = lib.mkOption { type = lib.types.str; }; };
  config = {
    systemd.network.networks."10-lan" = { matchConfig.Name = "lan0"; address = [ network.lan ]; };
    systemd.network.networks."10-wan" = { matchConfig.Name = "wan0"; address = [ network.wan ]; routes = [ { Gateway = network.router; } ]; };
    virtualisation.vmVariant.virtualisation = { cores = lib.mkDefault 2; graphics = lib.mkDefault false; };
  };
}
