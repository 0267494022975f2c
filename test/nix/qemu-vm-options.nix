# What a VM variant has beside the host's options, and what NixOS's qemu-vm.nix does to these.
release:
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib) mkOption types;
  number = default: mkOption { type = types.ints.positive; inherit default; };
in
{
  options.virtualisation = {
    memorySize = number 1024;
    cores = number 1;
    diskSize = number 1024;
    graphics = mkOption { type = types.bool; default = true; };
    restrictNetwork = mkOption { type = types.bool; default = false; };
    fileSystems = mkOption { inherit (options.fileSystems) type; default = { }; };
    qemu = {
      options = mkOption { type = types.listOf types.str; default = [ ]; };
    }
    # PR#453305: the test driver's way in by vsock needs it.
    // lib.optionalAttrs (lib.versionAtLeast release "26.05") { enableSharedMemory = mkOption { type = types.bool; default = false; }; };
  };

  config = {
    fileSystems = lib.mkVMOverride config.virtualisation.fileSystems;
    virtualisation.fileSystems."/" = { device = "/dev/disk/by-label/nixos"; fsType = "ext4"; };
    networking.dhcpcd.extraConfig = "noarp";
    networking.usePredictableInterfaceNames = false;
  };
}
