# Boots well, but nothing answers at port 22, whoever asks for it.
{ lib, ... }:
{
  imports = [ ./demo.nix ];
  services.openssh.enable = lib.mkOverride 0 false;
}
