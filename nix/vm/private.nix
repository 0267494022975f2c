# Several machines that see each other. Each is cabled to every other (`nixspec-l*`, cards that QEMU is told to add), and a
# bridge, `nixspec-net`, makes one network of the cables. Production's cards are on that network, in place of dummies: what
# the machines say to each other at production's addresses goes by the cards, and through the firewall's rules, that it
# goes by in production. Addresses that production reaches through routers get routes of their own.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    attrNames
    attrValues
    concatLists
    concatMap
    concatMapStrings
    concatStringsSep
    elem
    escapeShellArgs
    filter
    filterAttrs
    hasInfix
    hasPrefix
    head
    imap0
    imap1
    isString
    length
    listToAttrs
    mapAttrsToList
    mkAfter
    mkBefore
    mkIf
    mkMerge
    mkOption
    nameValuePair
    optional
    optionalAttrs
    splitString
    tail
    toList
    types
    unique
    ;
  cfg = config.nixspec.vm;
  net = cfg.private;
  inherit (config) networking;
  isOn = cfg.enable && net.machine != null;

  # -- what the others are to know of this machine, from its configuration alone --------------------------------------

  set = kind: networking.${kind} or { };
  netdevs = map (netdev: netdev.netdevConfig) (attrValues (config.systemd.network.netdevs or { }));
  namesOfKind = wanted: map (netdev: netdev.Name) (filter (netdev: wanted (netdev.Kind or "")) netdevs);
  # Whatever hangs on a card of production that is attached. VLANs' tags go through the network as they are.
  isAttached = name: elem name net.cards;
  over = attrNames (
    filterAttrs (_: vlan: isAttached vlan.interface) (set "vlans")
    // filterAttrs (_: bridge: lib.any isAttached bridge.interfaces) (set "bridges")
  );
  live = unique (net.cards ++ over ++ namesOfKind (kind: kind == "vlan" || kind == "bridge"));
  known = live ++ cfg.cards ++ [ "lo" ] ++ concatMap (kind: attrNames (set kind)) [ "bonds" "bridges" "vlans" ] ++ namesOfKind (kind: kind != "wireguard");

  words = value: concatMap (splitString " ") (filter isString (toList value));
  ofNetwork =
    network:
    map (text: { card = head (words (network.matchConfig.Name or [ ]) ++ [ "" ]); address = plain text; }) (
      network.address or [ ] ++ toList (network.networkConfig.Address or [ ])
    );
  ofInterface = name: interface: map (a: { card = name; inherit (a) address; }) (interface.ipv4.addresses ++ interface.ipv6.addresses);
  plain = text: head (splitString "/" text);
  isElsewhere = { card, ... }: !elem card live;
  isUsable = { address, ... }: !hasPrefix "127." address && !hasPrefix "fe80:" address && address != "::1";
  found = filter (one: elem one.card known && isUsable one) (
    concatMap ofNetwork (attrValues (config.systemd.network.networks or { })) ++ concatLists (mapAttrsToList ofInterface (set "interfaces"))
  );
  own = map (one: one.address) (filter (one: !isElsewhere one) found);
  elsewhere = map (one: one.address) (filter isElsewhere found) ++ map plain cfg.addresses;

  # -- what this machine is to know of the others ---------------------------------------------------------------------

  machines = attrNames net.machines;
  places = listToAttrs (imap1 (place: name: nameValuePair name (toString place)) machines);
  place = places.${net.machine};
  v4 = name: "${net.subnet}.${places.${name}}";
  v6 = name: "${net.subnet6}::${places.${name}}";
  without = taken: filter (one: !elem one taken);
  others = map (
    name:
    let
      machine = net.machines.${name};
      taken = net.self.addresses ++ net.self.elsewhere;
    in
    {
      inherit name;
      addresses = without taken machine.addresses;
      elsewhere = without taken machine.elsewhere;
      names = without (net.self.names ++ [ net.machine ]) (unique ([ name ] ++ machine.names));
    }
  ) (filter (name: name != net.machine) machines);
  # At production's addresses, where there are any: some services listen at no others.
  addressesOf = other: let all = unique (other.addresses ++ other.elsewhere); in if all == [ ] then [ (v4 other.name) ] else all;
  exact = filter (name: !hasPrefix "*." name);
  taken = concatMap (machine: machine.addresses ++ machine.elsewhere) ([ net.self ] ++ attrValues net.machines);

  way = other: kind: address: let at = if hasInfix ":" address then v6 else v4; in "${kind} ${escapeShellArgs [ address (at other.name) (at net.machine) ]}\n";
  routes = concatMapStrings (other: concatMapStrings (way other "direct") other.addresses + concatMapStrings (way other "via") other.elsewhere) others;
  hardware = number: "52:54:00:4f:${if number < 10 then "0" else ""}${toString number}:0${place}";

  strings = description: mkOption { type = types.listOf types.str; default = [ ]; inherit description; };
  facts = {
    options = {
      names = strings "Names of the machine: that of its host, and its public ones.";
      addresses = strings "Addresses that production gives its cards.";
      elsewhere = strings "Addresses of the machine that are on no card of the network.";
    };
  };
in
{
  options.nixspec.vm.private = {
    machine = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "web";
      description = "Which of {option}`nixspec.vm.private.machines` this one is; without it there is no network. `nixspec verify web db` says it.";
    };
    machines = mkOption {
      type = types.attrsOf (types.submodule facts);
      default = { };
      description = "The machines of the network, at most nine, by their targets' names. The n-th in alphabetical order has the address ‹subnet›.‹n›.";
    };
    subnet = mkOption {
      type = types.strMatching "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}";
      default = head (filter (subnet: !lib.any (hasPrefix "${subnet}.") taken) [ "192.168.1" "192.168.201" "198.18.201" ] ++ [ "198.18.202" ]);
      defaultText = lib.literalExpression ''"192.168.1", or another where production has it'';
      description = "The first three parts of the machines' addresses on the network.";
    };
    subnet6 = mkOption {
      type = types.str;
      default = "2001:db8:1";
      description = "What their IPv6 addresses begin with.";
    };
    cards = mkOption {
      type = types.listOf types.str;
      # Two cards of a bridge in the same network make a ring; a bond tries cards that the others' bonds do not have.
      default = without (concatMap (bond: bond.interfaces) (attrValues (set "bonds")) ++ concatMap (bridge: tail (bridge.interfaces ++ optional (bridge.interfaces == [ ]) "")) (attrValues (set "bridges"))) cfg.cards;
      defaultText = lib.literalExpression "nixspec.vm.cards, but of a bridge's cards only the first, and none of a bond's";
      description = "Cards of production that are on the network.";
    };
    self = mkOption {
      type = types.submodule facts;
      readOnly = true;
      description = "What the other machines are to know of this one.";
    };
  };

  config = mkMerge [
    {
      nixspec.vm.private.self = {
        names = unique ([ networking.hostName ] ++ optional (networking.domain or null != null) "${networking.hostName}.${networking.domain}" ++ cfg.ownNames);
        addresses = unique own;
        elsewhere = unique elsewhere;
      };
    }
    (mkIf isOn {
      assertions = [
        {
          assertion = net.machines ? ${net.machine} && length machines <= 9;
          message = "nixspec.vm.private: ${net.machine} is to be one of the machines, and these at most nine";
        }
      ];

      # Before the cards that production's network is made of, since a cable may have got the name of one of them.
      systemd.services.nixspec-network.script = mkMerge [
        (mkBefore ''
          udevadm settle --timeout=10 || true
          number=0
          for cable in /sys/class/net/*; do
            case "$(cat "$cable/address")" in
              52:54:00:4e:0${place}:*)
                number=$((number + 1))
                ip link set dev "''${cable##*/}" down
                ip link set dev "''${cable##*/}" name nixspec-l$number
                ;;
            esac
          done
        '')
        (mkAfter ''
          attach_card() {
            # The dummy that it is where there are no others.
            ip link delete dev "$1" 2>/dev/null || true
            ip link add link nixspec-net name "$1" address "$2" type macvlan mode bridge
            # Each address is answered for by the card that has it, not by all.
            echo 1 >"/proc/sys/net/ipv4/conf/$1/arp_ignore"
          }
          ip link add name nixspec-net address ${hardware 0} type bridge forward_delay 0 mcast_snooping 0
          echo 1 >/proc/sys/net/ipv4/conf/nixspec-net/arp_ignore
          for cable in /sys/class/net/nixspec-l*; do
            [ -e "$cable" ] || continue
            ip link set dev "''${cable##*/}" master nixspec-net up
            # Every machine has a cable to every other: what came by one never goes on by the next.
            ip link set dev "''${cable##*/}" type bridge_slave isolated on
          done
          ip link set dev nixspec-net up
          ip address replace ${v4 net.machine}/24 dev nixspec-net
          ip address replace ${v6 net.machine}/64 dev nixspec-net nodad || true
          ${concatStringsSep "\n" (imap0 (number: name: "attach_card ${escapeShellArgs [ name (hardware (number + 1)) ]}") net.cards)}
        '')
      ];

      # Once production's addresses are there: where it reaches another machine through a router, there is none here.
      systemd.services.nixspec-private = {
        description = "Ways from this VM to the others";
        wantedBy = [
          "multi-user.target"
          "network-online.target"
        ];
        before = [ "network-online.target" ];
        after = [
          "network.target"
          "systemd-networkd.service"
        ];
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        restartIfChanged = false;
        path = [ pkgs.iproute2 ];
        script = ''
          tries=200
          for address in ${escapeShellArgs net.self.addresses}; do
            until [ -n "$(ip -oneline address show to "$address")" ] || [ $tries -le 0 ]; do
              sleep 0.1
              tries=$((tries - 1))
            done
          done
          word() { ip -oneline route get "$2" 2>/dev/null | sed -n "s/.* $1 \([^ ]*\).*/\1/p"; }
          # Both: ADDRESS, the network's own address of the machine that has it, and of this machine.
          via() { ip route replace "$1" via "$2" dev nixspec-net src "$3"; }
          direct() {
            card=$(word dev "$1")
            case " ${concatStringsSep " " live} " in
              *" ''${card:--} "*)
                [ -z "$(word via "$1")" ] || ip route replace "$1" dev "$card" src "$(word src "$1")"
                ;;
              *) via "$@" ;;
            esac
          }
          ${routes}'';
      };

      networking.hosts = mkMerge (
        map (other: lib.genAttrs (addressesOf other) (_: exact other.names)) others
        ++ optional (!elem net.machine net.self.names) { ${v4 net.machine} = [ net.machine ]; }
      );
      environment.etc = mkIf cfg.dns.enable {
        "nixspec/dnsmasq.conf".text = mkAfter (
          concatMapStrings (
            other:
            concatMapStrings (name: "host-record=${concatStringsSep "," ([ name ] ++ addressesOf other)}\n") (exact other.names)
            + concatMapStrings (name: concatMapStrings (address: "address=/${lib.removePrefix "*." name}/${address}\n") (addressesOf other)) (
              filter (hasPrefix "*.") other.names
            )
          ) others
        );
      };
    })
    (optionalAttrs (lib.hasAttrByPath [ "networking" "dhcpcd" "denyInterfaces" ] options) (
      mkIf isOn { networking.dhcpcd.denyInterfaces = [ "nixspec-net" "nixspec-l*" ]; }
    ))
  ];
}
