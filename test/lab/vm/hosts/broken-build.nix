# Something that this host needs does not build.
{ config, lib, ... }:
let
  inherit (import ../nixos/build.nix { inherit (config.nixpkgs.hostPlatform) system; inherit lib; }) build;
in
{
  imports = [ ./demo.nix ];
  environment.etc."forgejo/app.ini".source = build "forgejo-9.0.3" ''
    echo "unpacking source archive"
    echo "building"
    echo "models/user.go:42:13: undefined: OwnerColumn" >&2
    echo "make: *** [Makefile:7: forgejo] Error 1" >&2
    exit 2
  '';
}
