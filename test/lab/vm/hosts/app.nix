# An application whose state has a version. Version 1 writes it; the upgrade (demo-next.nix) trips over it.
{ config, lib, ... }:
{
  options.lab.app.version = lib.mkOption { type = lib.types.enum [ "1" "2" ]; default = "1"; };
  config.systemd.services.app = {
    description = "Application ${config.lab.app.version}";
    wantedBy = [ "multi-user.target" ];
    serviceConfig.StateDirectory = "app";
    serviceConfig.Environment = "VERSION=${config.lab.app.version}";
    preStart = ''
      cd /var/lib/app
      [ -e schema ] || echo "$VERSION" >schema
      [ "$(cat schema)" = "$VERSION" ] || { echo "cannot migrate from schema $(cat schema) to $VERSION: column owner is missing" >&2; exit 1; }
    '';
    script = "exec sleep infinity";
  };
}
