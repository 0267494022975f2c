# Orders of certificates, as NixOS makes them: by lego, with http-01 challenges through nginx; the pair of the machine's own
# stays where an order fails. Only for hosts that import this: none of the others' tests is about it.
{ config, lib, ... }:
let
  inherit (lib) concatMapStringsSep escapeShellArg mkOption types;
  option = type: default: mkOption { inherit type default; };
  orNull = option (types.nullOr types.str) null;
  webroot = "/var/lib/acme/acme-challenge";
  order = name: cert: lib.nameValuePair "acme-order-renew-${name}" {
    description = "Order (and renew) ACME certificate for ${name}";
    wantedBy = [ "multi-user.target" ];
    wants = [ "acme-${name}.service" ];
    after = [ "network-online.target" "nss-lookup.target" "acme-${name}.service" "nginx.service" ];
    serviceConfig.Type = "oneshot";
    script = ''
      state=/var/lib/acme/.lego/${name}
      mkdir -p "$state" ${webroot}
      lego --accept-tos --path "$state" --email ${config.security.acme.defaults.email} --key-type ec256 --server ${escapeShellArg cert.server} \
        ${if cert.dnsProvider != null then "--dns ${cert.dnsProvider}" else "--http --http.webroot ${webroot}"} \
        ${concatMapStringsSep " " (domain: "-d ${domain}") ([ cert.domain ] ++ cert.extraDomainNames)} run || exit 10
      cd "$state/certificates"
      umask 027
      cp ${cert.domain}.crt /var/lib/acme/${name}/fullchain.pem
      cp ${cert.domain}.key /var/lib/acme/${name}/key.pem
      touch /var/lib/acme/${name}/acme-success
      chown -R acme:${cert.group} /var/lib/acme/${name}
      systemctl --no-block try-reload-or-restart nginx.service
    '';
  };
in
{
  options.security.acme = {
    certs = mkOption {
      type = types.attrsOf (types.submodule ({ name, ... }: {
        options = {
          domain = option types.str name;
          webroot = orNull;
          dnsProvider = orNull;
          server = option types.str config.security.acme.defaults.server;
        };
      }));
    };
  };
  config.security.acme.defaults.server = lib.mkDefault "https://acme-v02.api.letsencrypt.org/directory";
  config.systemd.services = lib.mapAttrs' order config.security.acme.certs;
}
