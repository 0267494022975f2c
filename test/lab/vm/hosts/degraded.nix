# Boots, and a unit fails that nothing else needs: what NixOS's ACME order does where no CA is within reach.
{
  imports = [ ./demo.nix ];
  systemd.services."acme-order-renew-git.lab.test" = {
    description = "Order (and renew) ACME certificate for git.lab.test";
    wantedBy = [ "multi-user.target" ];
    after = [ "acme-git.lab.test.service" ];
    serviceConfig.Type = "oneshot";
    script = ''
      echo "could not obtain a certificate: no such host acme-v02.api.letsencrypt.org" >&2
      exit 10
    '';
  };
}
