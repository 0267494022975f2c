# The network. The VM has one card of its own, which is given a name that production cannot have and gets its address by
# DHCP, whatever production's network says. Cards that production gives fixed addresses become dummies of the same name:
# their addresses and routes are there, services that bind to them start, and nothing leaves by them.
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
    concatMap
    concatMapStringsSep
    elem
    escapeShellArg
    filter
    filterAttrs
    hasAttrByPath
    hasPrefix
    isString
    mkAfter
    mkIf
    mkMerge
    mkOption
    mkVMOverride
    optionalAttrs
    toList
    types
    unique
    ;
  cfg = config.nixspec.vm;
  net = config.networking;
  useNetworkd = config.systemd.network.enable or false;

  # Links that the configuration makes by itself, so that they are no cards.
  made = concatMap (kind: attrNames (net.${kind} or { })) [
    "bonds"
    "bridges"
    "greTunnels"
    "ipips"
    "ipvlans"
    "macvlans"
    "sits"
    "vlans"
    "vswitches"
  ];
  isFixed = interface: interface.ipv4.addresses ++ interface.ipv6.addresses != [ ];
  scripted = filterAttrs (_: interface: isFixed interface && !interface.virtual) (net.interfaces or { });
  below = concatMap (link: link.interfaces or [ ]) (attrValues (net.bonds or { }) ++ attrValues (net.bridges or { }));
  parents = map (link: link.interface) (attrValues (net.vlans or { }) ++ attrValues (net.macvlans or { }));

  networks = attrValues (removeAttrs (config.systemd.network.networks or { }) own);
  own = [
    "00-0-nixspec-card"
    "00-1-nixspec-others"
  ];
  addressesOf = network: network.address or [ ] ++ toList (network.networkConfig.Address or [ ]);
  namesOf = network: concatMap (lib.splitString " ") (filter isString (toList (network.matchConfig.Name or [ ])));
  # A pattern names no card in particular.
  isName = name: builtins.match "[A-Za-z0-9_.-]{1,15}" name != null && !hasPrefix "nixspec" name && name != "lo";
  netdevs = map (netdev: netdev.netdevConfig.Name or "") (attrValues (config.systemd.network.netdevs or { }));
  tunnels = attrNames (net.wireguard.interfaces or { }) ++ attrNames (net.wg-quick.interfaces or { });

  rules = path: value: optionalAttrs (hasAttrByPath path options) (lib.setAttrByPath path value);
in
{
  options.nixspec.vm = {
    restrictNetwork = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the VM reaches nothing but itself. SSH into it works all the same.";
    };
    card = mkOption {
      type = types.strMatching "nixspec[a-z0-9]{0,8}";
      default = "nixspec0";
      description = "What the VM's own card is called.";
    };
    mac = mkOption {
      type = types.str;
      default = "52:54:00:12:34:56";
      description = "By which hardware address the VM's own card is known; the default is what QEMU gives the first one. Where no card has it, the only one is taken.";
    };
    cards = mkOption {
      type = types.listOf types.str;
      default = filter (name: isName name && !elem name (made ++ netdevs ++ tunnels)) (
        unique (
          attrNames scripted
          ++ below
          ++ parents
          ++ concatMap namesOf (filter (network: addressesOf network != [ ]) networks)
        )
      );
      defaultText = lib.literalExpression "the cards that have fixed addresses in production";
      description = "Cards of production that the VM has as dummies of the same name.";
    };
    addresses = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "203.0.113.7/32" ];
      description = "Further addresses that the VM has, on a dummy. For those that production gets from elsewhere (DHCP, its provider), or on a card that it knows by its hardware address.";
    };
  };

  config = mkIf cfg.enable (mkMerge [
    {
      virtualisation.restrictNetwork = mkVMOverride cfg.restrictNetwork;

      systemd.services.nixspec-network = {
        description = "Cards of this VM";
        wantedBy = [ "multi-user.target" "network-pre.target" ];
        wants = [ "network-pre.target" ];
        before = [ "network-pre.target" "shutdown.target" ];
        after = [ "systemd-udev-trigger.service" "systemd-modules-load.service" ];
        conflicts = [ "shutdown.target" ];
        unitConfig.DefaultDependencies = false;
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        restartIfChanged = false;
        path = [ pkgs.iproute2 ];
        script = ''
          find_card() {
            for card in /sys/class/net/*; do
              if [ -e "$card/device" ] && [ "$(cat "$card/address")" = ${escapeShellArg cfg.mac} ]; then
                echo "''${card##*/}"
                return
              fi
            done
            set -- /sys/class/net/*/device
            if [ $# = 1 ] && [ -e "$1" ]; then
              card=''${1%/device}
              echo "''${card##*/}"
            fi
          }
          add_dummy() {
            [ -e "/sys/class/net/$1" ] || ip link add name "$1" type dummy
          }

          udevadm settle --timeout=10 || true
          tries=100
          card=$(find_card)
          while [ -z "$card" ] && [ $tries -gt 0 ]; do
            sleep 0.1
            tries=$((tries - 1))
            card=$(find_card)
          done
          if [ -z "$card" ]; then
            echo ${escapeShellArg "this machine has no card with the address ${cfg.mac}"} >&2
            exit 1
          fi
          if [ "$card" != ${cfg.card} ]; then
            ip link set dev "$card" down
            ip link set dev "$card" name ${cfg.card}
          fi
          ${concatMapStringsSep "\n" (name: "add_dummy ${escapeShellArg name}") cfg.cards}
        ''
        + lib.optionalString (cfg.addresses != [ ]) ''
          add_dummy nixspec1
          ip link set dev nixspec1 up
          ${concatMapStringsSep "\n" (address: "ip address replace ${escapeShellArg address} dev nixspec1") cfg.addresses}
        '';
      };
    }
    # Else the kernel makes one more when it loads the module.
    (rules [ "boot" "kernelModules" ] [ "dummy" ])
    (rules [ "boot" "extraModprobeConfig" ] "options dummy numdummies=0")
    # Renaming is done above; names that production's rules would give are for production's cards.
    (rules [ "networking" "usePredictableInterfaceNames" ] (mkVMOverride false))

    (mkIf useNetworkd (mkMerge [
      {
        # The first file that matches a link is the one that counts, so that these come before any of production's.
        systemd.network.networks."00-0-nixspec-card" = {
          matchConfig.Name = cfg.card;
          networkConfig.DHCP = "ipv4";
          networkConfig.IPv6AcceptRA = false;
          dhcpV4Config.UseDNS = !cfg.dns.enable;
          linkConfig.RequiredForOnline = "routable";
        };
        systemd.network.networks."00-1-nixspec-others" = {
          matchConfig.Name = "nixspec*";
          linkConfig.Unmanaged = true;
        };
      }
      # Where production waits for its own DHCP server, no answer ever comes to a dummy.
      (rules [ "systemd" "network" "wait-online" "anyInterface" ] (mkVMOverride true))
    ]))

    (mkIf (!useNetworkd) (mkMerge [
      (rules [ "networking" "interfaces" ] { ${cfg.card}.useDHCP = mkVMOverride true; })
      (rules [ "networking" "dhcpcd" "enable" ] (mkVMOverride true))
      (rules [ "networking" "dhcpcd" "extraConfig" ] (
        mkIf cfg.dns.enable (mkAfter ''
          interface ${cfg.card}
          nooption domain_name_servers
        '')
      ))
      # Others' DHCP clients would do it a second time.
      (rules [ "networking" "networkmanager" "unmanaged" ] [ "interface-name:nixspec*" ])
    ]))

    # With an open network the way out is the VM's own card.
    (mkIf (!cfg.restrictNetwork) (mkMerge [
      (rules [ "networking" "defaultGateway" ] (mkVMOverride null))
      (rules [ "networking" "defaultGateway6" ] (mkVMOverride null))
    ]))
  ]);
}
