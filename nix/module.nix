# For a host's own configuration: its VM (`nixos-rebuild build-vm`, `nixspec verify vm`) is a staging VM, and
# `virtualisation.vmVariant.nixspec.vm` says how it differs. Nothing of it is in the host itself.
{ lib, ... }:
{
  key = "nixspec/module.nix";

  virtualisation.vmVariant = {
    imports = [ ./vm.nix ];
    nixspec.vm.enable = lib.mkDefault true;
  };
}
