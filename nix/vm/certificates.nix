# Certificates. No order ever reaches the public CA: a VM would burn its limits, or get a certificate that production's
# name is in. What is there instead is what NixOS itself starts every service with, a pair signed by a CA of the machine's
# own; or a certificate from a CA inside the VM.
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
    mapAttrs'
    mkIf
    mkMerge
    mkOption
    mkVMOverride
    nameValuePair
    optionalAttrs
    setAttrByPath
    types
    ;
  cfg = config.nixspec.vm;
  certs = config.security.acme.certs or { };
  setting = path: value: optionalAttrs (hasAttrByPath path options) (setAttrByPath path value);
  usesPebble = cfg.acme.orders == "pebble";
  # Other challenges need what is outside: a DNS provider, a bucket.
  isOrdered = cert: cfg.acme.orders != "held" && (cert.dnsProvider or null) == null && (cert.s3Bucket or null) == null;
  state = "/var/lib/nixspec-pebble";
  # Since 25.11 this unit orders, and acme-‹name› is the one that makes sure that there is a pair.
  order = name: "acme-order-renew-${name}";
in
{
  options.nixspec.vm.acme = {
    orders = mkOption {
      type = types.enum [ "held" "pebble" "server" ];
      default = "held";
      description = ''
        What becomes of ACME orders. `held`: none is made; services serve with the pair of a CA of the machine's own
        (issuer `minica root ca …`), as on NixOS before the first order. `pebble`: Pebble, an ACME server for tests, runs
        in the VM, checks http-01 challenges against this host, and issues (issuer `Pebble Intermediate CA …`). `server`:
        orders go to {option}`nixspec.vm.acme.server`. Certificates that need a DNS provider or a bucket are held.
      '';
    };
    server = mkOption {
      type = types.str;
      default = "https://127.0.0.1:14000/dir";
      example = "https://ca.test/acme/acme/directory";
      description = "ACME directory to which orders go; the default is Pebble's in the VM. Also set where orders are held, as a second lock.";
    };
    caFile = mkOption {
      type = types.nullOr types.str;
      default = if usesPebble then "${state}/minica.pem" else null;
      defaultText = lib.literalExpression "Pebble's own, where it is used";
      description = "Certificate in the VM by which the ACME server is trusted.";
    };
  };

  # Each certificate may name a server of its own, so that a default is not enough. The set's names cannot come from the
  # set itself; this adds to what each of them is.
  options.security.acme.certs = mkOption {
    type = types.attrsOf (
      types.submodule (
        { options, ... }:
        {
          config = mkIf cfg.enable (builtins.intersectAttrs options { server = mkVMOverride cfg.acme.server; });
        }
      )
    );
  };

  config = mkIf cfg.enable (mkMerge [
    {
      systemd.services = mapAttrs' (
        name: cert:
        nameValuePair (order name) (
          if isOrdered cert then
            {
              wants = lib.optional usesPebble "nixspec-pebble.service";
              after = lib.optional usesPebble "nixspec-pebble.service";
              environment = optionalAttrs (cfg.acme.caFile != null) { LEGO_CA_CERTIFICATES = cfg.acme.caFile; };
            }
          else
            # Skipped, which is no failure; `touch` the path and start the unit to try it.
            { unitConfig.ConditionPathExists = [ "/run/nixspec/acme-orders" ]; }
        )
      ) (optionalAttrs (options.security.acme ? defaults) certs);
    }
    (setting [ "security" "acme" "defaults" ] { server = mkVMOverride cfg.acme.server; })

    # Caddy orders by itself.
    (optionalAttrs (hasAttrByPath [ "services" "caddy" "globalConfig" ] options) {
      services.caddy = mkIf (cfg.acme.orders == "held") {
        acmeCA = mkVMOverride null;
        globalConfig = ''
          local_certs
          skip_install_trust
        '';
      };
    })
    (optionalAttrs (hasAttrByPath [ "services" "caddy" "acmeCA" ] options) {
      services.caddy = mkIf (cfg.acme.orders != "held") {
        acmeCA = mkVMOverride cfg.acme.server;
        globalConfig = lib.optionalString (cfg.acme.caFile != null) "acme_ca_root ${cfg.acme.caFile}\n";
      };
    })

    (mkIf usesPebble {
      environment.etc."nixspec/pebble.json".text = builtins.toJSON {
        pebble = {
          listenAddress = "127.0.0.1:14000";
          managementListenAddress = "127.0.0.1:15000";
          certificate = "${state}/localhost/cert.pem";
          privateKey = "${state}/localhost/key.pem";
          httpPort = 80;
          tlsPort = 443;
          ocspResponderURL = "";
          externalAccountBindingRequired = false;
        };
      };
      systemd.services.nixspec-pebble = {
        description = "ACME server of this VM";
        wants = [ "nixspec-dns.service" ];
        after = [ "nixspec-dns.service" "network.target" ];
        path = [ pkgs.minica pkgs.pebble ];
        environment = {
          PEBBLE_VA_NOSLEEP = "1";
          PEBBLE_WFE_NONCEREJECT = "0";
        };
        preStart = ''
          cd ${state}
          [ -e localhost/cert.pem ] || minica --domains localhost --ip-addresses 127.0.0.1
          chmod 0644 minica.pem
        '';
        # Orders come after it, and are not made twice: until it listens (14000 in /proc/net/tcp) it has not started.
        postStart = ''
          tries=600
          until grep -q '^ *[0-9]*: 0100007F:36B0 00000000:0000 0A' /proc/net/tcp; do
            tries=$((tries - 1))
            [ $tries -gt 0 ] || exit 1
            sleep 0.1
          done
        '';
        script = "exec pebble -config /etc/nixspec/pebble.json -dnsserver ${cfg.dns.address}:53";
        serviceConfig.StateDirectory = "nixspec-pebble";
        serviceConfig.Restart = "on-failure";
      };
      assertions = [
        {
          assertion = cfg.dns.enable;
          message = "nixspec.vm.acme.orders = \"pebble\" needs nixspec.vm.dns.enable: Pebble looks for this host's names in the VM.";
        }
      ];
    })
  ]);
}
