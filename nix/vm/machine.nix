# Memory, cores, disk, no window; and what only real hardware needs.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    hasAttrByPath
    mkDefault
    mkIf
    mkMerge
    mkOption
    mkOverride
    mkVMOverride
    optionalAttrs
    setAttrByPath
    types
    ;
  cfg = config.nixspec.vm;

  # Stronger than what a configuration says in passing, weaker than its mkForce.
  prefer = mkOverride 90;

  # Set only where the release, or one of the configuration's modules, has such an option.
  setting = path: value: optionalAttrs (hasAttrByPath path options) (setAttrByPath path value);
in
{
  options.nixspec.vm = {
    memory = mkOption {
      type = types.ints.positive;
      default = 2048;
      description = "Memory of the VM in MiB.";
    };
    cores = mkOption {
      type = types.ints.positive;
      default = 2;
      description = "How many cores the VM has.";
    };
    disk = mkOption {
      type = types.ints.positive;
      default = 20480;
      description = "Most that the VM's disk may grow to, in MiB.";
    };
    defaultKernel = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the VM boots NixOS's default kernel in place of the host's own. For kernels that know no virtio, such as some boards' own.";
    };
    hardware = mkOption {
      type = types.bool;
      default = false;
      description = "Whether services that need real hardware are kept: those for disks' health, temperature, imported ZFS pools, and what unlocks disks over the network before booting.";
    };
  };

  config = mkIf cfg.enable (mkMerge [
    {
      virtualisation = {
        memorySize = prefer cfg.memory;
        cores = prefer cfg.cores;
        diskSize = prefer cfg.disk;
        graphics = prefer false;
      };
    }
    # Newer releases share directories by virtiofs, which reads the guest's memory; without this the boot hangs in its
    # first stage. Where directories still come by 9p it does no harm.
    (setting [ "virtualisation" "qemu" "enableSharedMemory" ] (mkDefault true))
    (optionalAttrs (options ? boot && options.boot ? kernelPackages) (
      mkIf cfg.defaultKernel { boot.kernelPackages = mkVMOverride pkgs.linuxPackages; }
    ))
    # File systems, swap and LUKS devices of production are left out by qemu-vm.nix itself.
    (mkIf (!cfg.hardware) (mkMerge [
      (setting [ "services" "smartd" "enable" ] (mkVMOverride false))
      (setting [ "services" "thermald" "enable" ] (mkVMOverride false))
      (setting [ "hardware" "fancontrol" "enable" ] (mkVMOverride false))
      (setting [ "boot" "zfs" "extraPools" ] (mkVMOverride [ ]))
      # Its host keys are files of production, which the VM's initrd cannot be built from.
      (setting [ "boot" "initrd" "network" "ssh" "enable" ] (mkVMOverride false))
      (setting [ "boot" "initrd" "network" "enable" ] (mkVMOverride false))
      (setting [ "boot" "initrd" "secrets" ] (mkVMOverride { }))
    ]))
  ]);
}
