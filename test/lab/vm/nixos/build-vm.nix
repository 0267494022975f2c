# system.build.vm: the host's configuration with a virtual machine's in place of the hardware's, as NixOS derives it.
{ config, extendModules, lib, ... }:
let
  variant = extendModules { modules = [ ./qemu-vm.nix ]; };
in
{
  options.virtualisation.vmVariant = lib.mkOption { inherit (variant) type; default = { }; };
  config.system.build.vm = lib.mkDefault config.virtualisation.vmVariant.system.build.vm;
}
