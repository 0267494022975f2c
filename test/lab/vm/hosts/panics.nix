# The kernel finds no second stage: the machine gives up in its initrd and powers off, before there is any systemd.
{ lib, ... }:
{
  imports = [ ./demo.nix ];
  virtualisation.vmVariant.boot.kernelParams = lib.mkAfter [ "lab.shares=nowhere:/nix/store" ];
}
