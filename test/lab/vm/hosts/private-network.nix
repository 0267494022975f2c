# The second card is on a network of the machines' own, with the addresses that NixOS's tests would give them.
{ config, lib, ... }:
{
  options.lab.privateAddress = lib.mkOption { type = lib.types.str; };
  config = {
    systemd.network.networks."10-lan" = { matchConfig.Name = "eth0"; networkConfig.DHCP = "yes"; };
    systemd.network.networks."20-private" = { matchConfig.Name = "eth1"; address = [ "${config.lab.privateAddress}/24" ]; };
    networking.hosts = { "192.168.1.1" = [ "db" ]; "192.168.1.2" = [ "web" ]; };
    virtualisation.vmVariant.virtualisation = { cores = lib.mkDefault 2; graphics = lib.mkDefault false; };
  };
}
