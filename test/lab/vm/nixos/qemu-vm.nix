# The virtual machine and its start script, in the shape of NixOS's: the same environment variables, the same order of
# QEMU's arguments, the same devices, and `exec` at the end. What differs is said at its place.
{ config, lib, ... }:
let
  inherit (lib) concatMapStrings concatStringsSep escapeShellArg mapAttrsToList mkOption optionalString types;
  inherit (import ./build.nix { inherit (config.nixpkgs.hostPlatform) system; inherit lib; }) build write;
  cfg = config.virtualisation;
  inherit (config.system) name;
  inherit (config.system.build) debian toplevel;
  option = type: default: mkOption { inherit type default; };
  share = tag: { source, securityModel, ... }: "  -virtfs local,path=${source},security_model=${securityModel},mount_tag=${tag} \\\n";
  forward =
    { from, proto, host, guest }:
    if from == "host" then
      "hostfwd=${proto}:${host.address}:${toString host.port}-${guest.address}:${toString guest.port},"
    else
      "guestfwd=${proto}:${guest.address}:${toString guest.port}-cmd:nc ${host.address} ${toString host.port},";
  # What NixOS writes in bash with paths of the store, in sh with the host's own programs.
  startScript = ''
    #!/bin/sh
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin''${PATH:+:}$PATH
    set -e

    createEmptyFilesystemImage() {
      temp=$(mktemp)
      qemu-img create -q -f raw "$temp" "$2"
      mkfs.ext4 -q -L nixos "$temp"
      qemu-img convert -f raw -O qcow2 "$temp" "$1"
      rm "$temp"
    }

    NIX_DISK_IMAGE=$(readlink -f "''${NIX_DISK_IMAGE:-${toString cfg.diskImage}}") || test -z "$NIX_DISK_IMAGE"
    if test -n "$NIX_DISK_IMAGE" && ! test -e "$NIX_DISK_IMAGE"; then
      echo "Disk image do not exist, creating the virtualisation disk image..."
      createEmptyFilesystemImage "$NIX_DISK_IMAGE" "${toString cfg.diskSize}M"
      echo "Virtualisation disk image created."
    fi

    if [ -z "$TMPDIR" ] || [ -z "$USE_TMPDIR" ]; then
      TMPDIR=$(mktemp -d nix-vm.XXXXXXXXXX --tmpdir)
    fi
    mkdir -p "$TMPDIR/xchg"
    cd "$TMPDIR"
    ${concatStringsSep "" (lib.imap0 emptyDisk cfg.emptyDiskImages)}
    exec qemu-system-x86_64 \
      -name ${name} \
      -m ${toString cfg.memorySize} \
      -smp ${toString cfg.cores} \
      -device virtio-rng-pci \
      ${concatStringsSep " " cfg.qemu.networkingOptions} \
    ${concatStringsSep "" (mapAttrsToList share cfg.sharedDirectories)}\
      -drive cache=writeback,file="$NIX_DISK_IMAGE",id=drive1,if=none,index=1,werror=report -device virtio-blk-pci,bootindex=1,drive=drive1,serial=root \
      -drive format=raw,readonly=on,file=${debian}/root.ext4,id=debian,if=none -device virtio-blk-pci,drive=debian,serial=debian \
      ${concatStringsSep "" (lib.imap0 emptyDrive cfg.emptyDiskImages)}\
      -kernel ''${NIXPKGS_QEMU_KERNEL_${builtins.replaceStrings [ "-" "." ] [ "_" "_" ] name}:-${toplevel}/kernel} \
      -initrd ${toplevel}/initrd \
      -append "$(cat ${toplevel}/kernel-params) init=${toplevel}/init $QEMU_KERNEL_PARAMS" \
      ${concatStringsSep " " cfg.qemu.options} \
      $QEMU_OPTS \
      "$@"
  '';
  end = { address = option types.str ""; port = option types.port 0; };
  emptyDisk = n: size: ''
    [ -e empty${toString n}.qcow2 ] || qemu-img create -q -f qcow2 empty${toString n}.qcow2 ${toString size}M
  '';
  emptyDrive = n: _: "-drive if=none,id=empty${toString n},file=empty${toString n}.qcow2 -device virtio-blk-pci,drive=empty${toString n} ";
in
{
  options.virtualisation = {
    memorySize = option types.ints.positive 1024;
    cores = option types.ints.positive 1;
    diskSize = option types.ints.positive 1024;
    graphics = option types.bool true;
    restrictNetwork = option types.bool false;
    fileSystems = option (types.attrsOf types.attrs) { };
    diskImage = option (types.nullOr types.str) "./${name}.qcow2";
    emptyDiskImages = option (types.listOf types.ints.positive) [ ];
    forwardPorts = option (types.listOf (types.submodule { options = { from = option (types.enum [ "host" "guest" ]) "host"; proto = option (types.enum [ "tcp" "udp" ]) "tcp"; host = end; guest = end; }; })) [ ];
    sharedDirectories = option (types.attrsOf (types.submodule { options = { source = mkOption { type = types.str; }; target = mkOption { type = types.str; }; securityModel = option types.str "none"; }; })) { };
    qemu.options = option (types.listOf types.str) [ ];
    qemu.networkingOptions = option (types.listOf types.str) [ ];
    qemu.enableSharedMemory = option types.bool false;
    host.pkgs = option types.raw null;
  };

  config = {
    # In place of production's, which are on disks that the machine has not.
    fileSystems = lib.mkVMOverride cfg.fileSystems;

    # NixOS takes KVM where there is one. The test machines' is broken, and a processor with cmpxchg16b makes this kernel
    # fault under emulation as soon as there are two of them.
    virtualisation.qemu.options = [ "-machine accel=tcg -cpu Nehalem,-cx16" ] ++ lib.optional (!cfg.graphics) "-nographic";
    virtualisation.qemu.networkingOptions = [
      "-net nic,netdev=user.0,model=virtio"
      "-netdev user,id=user.0,${concatMapStrings forward cfg.forwardPorts}${optionalString cfg.restrictNetwork "restrict=on,"}\"$QEMU_NET_OPTS\""
    ];
    virtualisation.sharedDirectories = {
      nix-store = { source = builtins.storeDir; target = builtins.storeDir; };
      xchg = { source = "\"$TMPDIR\"/xchg"; target = "/tmp/xchg"; };
      shared = { source = "\"\${SHARED_DIR:-$TMPDIR/xchg}\""; target = "/tmp/shared"; };
    };
    # The lab's initrd mounts by this list, where NixOS's has fileSystems.
    boot.kernelParams = [ "console=ttyS0" "lsm=capability" "mitigations=off" "nokaslr" "lab.shares=${concatStringsSep "," (mapAttrsToList (tag: { target, ... }: "${tag}:${target}") cfg.sharedDirectories)}" ];

    system.build.vm = build "nixos-vm" ''
      mkdir -p $out/bin
      ln -s ${toplevel} $out/system
      ${write "$out/bin/run-${name}-vm" startScript}chmod +x $out/bin/run-${name}-vm
    '';
  };
}
