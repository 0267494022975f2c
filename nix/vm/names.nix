# Names. Inside the VM the public names of the host lead to the VM itself: those of its virtual hosts, which are read from
# the configuration, and those that are named here. /etc/hosts answers programs; a resolver answers queries, and tells at
# once that there is no other name, where production's resolvers cannot be reached.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    attrValues
    concatMap
    concatMapStrings
    concatStringsSep
    elem
    filter
    genAttrs
    hasPrefix
    mkIf
    mkMerge
    mkOption
    mkVMOverride
    optionalAttrs
    optionals
    removePrefix
    splitString
    types
    unique
    ;
  cfg = config.nixspec.vm;
  address = "127.0.0.153";

  # nginx has `serverName`, Caddy and httpd `hostName`; null is the set's own name. Caddy takes addresses (`https://a:8443, b`).
  hosts = service: optionals (service.enable or false) (lib.concatLists (lib.mapAttrsToList namesOf (service.virtualHosts or { })));
  namesOf =
    name: host:
    let
      given = lib.findFirst (given: given != null) name [
        (host.serverName or null)
        (host.hostName or null)
      ];
    in
    concatMap plain ([ given ] ++ host.serverAliases or [ ]);
  plain = text: filter isName (map bare (concatMap (splitString " ") (splitString "," text)));
  bare = text: builtins.head (splitString ":" (builtins.head (splitString "/" (removePrefix "http://" (removePrefix "https://" text)))));
  # No patterns, addresses, or names without a dot (`localhost`, `_`, `default`).
  isName = name: builtins.match "(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.[A-Za-z][A-Za-z0-9-]*" name != null;

  services = map (name: config.services.${name} or { }) [
    "nginx"
    "caddy"
    "httpd"
  ];
  certificates = concatMap (cert: [ cert.domain or "" ] ++ cert.extraDomainNames or [ ]) (
    attrValues (config.security.acme.certs or { })
  );
  found = filter isName (concatMap hosts services ++ certificates);
  names = unique (found ++ cfg.names);
  isWild = hasPrefix "*.";
  exact = filter (name: !isWild name) names;

  # Fixed addresses of production that the VM has too (network.nix).
  fixed =
    concatMap (card: map (a: a.address) (card.ipv4.addresses ++ card.ipv6.addresses)) (
      filter (card: elem (card.name or "") cfg.cards) (attrValues (config.networking.interfaces or { }))
    )
    ++ map (text: builtins.head (splitString "/" text)) (
      cfg.addresses
      ++ concatMap (network: network.address or [ ]) (
        filter (network: elem (network.matchConfig.Name or "") cfg.cards) (attrValues (config.systemd.network.networks or { }))
      )
    );
  # A second resolver of the host's own is what is to be tested.
  hasOwn = config.networking.resolvconf.useLocalResolver or false;
in
{
  options.nixspec.vm = {
    names = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "chat.example.org" "*.pages.example.org" ];
      description = "Public names of this host beside those of the virtual hosts of nginx, Caddy and httpd and of its certificates.";
    };
    ownNames = mkOption {
      type = types.listOf types.str;
      default = names;
      readOnly = true;
      description = "All public names of this host.";
    };
    ownAddresses = mkOption {
      type = types.listOf types.str;
      default = if fixed == [ ] then [ "10.0.2.15" ] else unique fixed;
      defaultText = lib.literalExpression "production's fixed addresses; without any, 10.0.2.15, which QEMU gives the VM";
      description = "What the names of this host lead to inside the VM.";
    };
    dns.enable = mkOption {
      type = types.bool;
      default = pkgs ? dnsmasq && !hasOwn;
      defaultText = lib.literalExpression "unless the host resolves by a server of its own";
      description = "Whether a resolver inside the VM takes the place of production's.";
    };
    dns.address = mkOption {
      type = types.str;
      default = address;
      readOnly = true;
      description = "Where the resolver inside the VM listens.";
    };
  };

  config = mkIf cfg.enable (mkMerge [
    { networking.hosts = genAttrs cfg.ownAddresses (_: exact); }
    (mkIf cfg.dns.enable {
      environment.etc."nixspec/dnsmasq.conf".text = ''
        listen-address=${address}
        bind-interfaces
        no-hosts
        no-resolv
        no-poll
        ${concatMapStrings (name: "host-record=${concatStringsSep "," ([ name ] ++ cfg.ownAddresses)}\n") exact}
        ${concatMapStrings (name: concatMapStrings (own: "address=/${removePrefix "*." name}/${own}\n") cfg.ownAddresses) (filter isWild names)}
      ''
      # Of QEMU's network, which asks the runner's own.
      + lib.optionalString (!cfg.restrictNetwork) "server=10.0.2.3\n"
      + lib.optionalString cfg.restrictNetwork "address=/#/\n";
      systemd.services.nixspec-dns = {
        description = "Names of this VM";
        wantedBy = [ "multi-user.target" ];
        before = [ "nss-lookup.target" ];
        wants = [ "nss-lookup.target" ];
        path = [ pkgs.dnsmasq ];
        script = "exec dnsmasq --keep-in-foreground --conf-file=/etc/nixspec/dnsmasq.conf";
        serviceConfig.Restart = "on-failure";
      };
    })
    (optionalAttrs (options.networking ? nameservers) (
      mkIf cfg.dns.enable { networking.nameservers = mkVMOverride [ address ]; }
    ))
  ]);
}
