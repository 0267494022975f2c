# WireGuard. With production's private key a VM would take production's place in its tunnels: peers answer whoever spoke
# last. So its interfaces have keys that the VM makes at each boot, and production's peers are there without an endpoint:
# nothing is sent to them, and no name of theirs is waited for. A peer beside the VM, in a network namespace of its own,
# makes a real handshake and real traffic go through each interface.
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
    concatMapStringsSep
    escapeShellArg
    filterAttrs
    imap1
    listToAttrs
    mkIf
    mkOption
    mkVMOverride
    nameValuePair
    optionalAttrs
    types
    unique
    ;
  cfg = config.nixspec.vm;
  isReplaced = cfg.enable && cfg.wireguard.enable;
  folder = "/run/nixspec/wireguard";
  keyOf = name: "${folder}/${name}.key";

  # The same three options for both of NixOS's backends that are told interfaces by name.
  replaceKey =
    { name, options, ... }:
    {
      options.peers = mkOption { type = types.listOf (types.submodule silence); };
      config = mkIf isReplaced (
        builtins.intersectAttrs options {
          privateKey = mkVMOverride null;
          privateKeyFile = mkVMOverride (keyOf name);
          generatePrivateKeyFile = mkVMOverride false;
        }
      );
    };
  silence =
    { options, ... }:
    {
      config = mkIf isReplaced (
        builtins.intersectAttrs options {
          endpoint = mkVMOverride null;
          presharedKey = mkVMOverride null;
          presharedKeyFile = mkVMOverride null;
        }
      );
    };

  isTunnel = interface: interface.type or "wireguard" == "wireguard";
  isHere = interface: isTunnel interface && (interface.interfaceNamespace or null) == null && (interface.socketNamespace or null) == null;
  scripted = config.networking.wireguard.interfaces or { };
  # Its configuration is a file of production, keys and all.
  isWhole = interface: interface.configFile or null != null;
  quick = filterAttrs (_: interface: !isWhole interface) (config.networking.wg-quick.interfaces or { });
  isNetdev = netdev: (netdev.netdevConfig.Kind or "") == "wireguard";
  netdevs = map (netdev: netdev.netdevConfig.Name) (lib.filter isNetdev (attrValues (config.systemd.network.netdevs or { })));
  keyed = unique (attrNames scripted ++ attrNames quick ++ netdevs);
  # A peer can be beside those that are WireGuard's own, in the machine's own network namespace.
  interfaces = unique (attrNames (filterAttrs (_: isHere) (scripted // quick)) ++ netdevs);

  besides =
    number: name:
    let
      beside = {
        netns = "nixspec-${name}";
        link = "nixspecv${toString number}";
        # RFC 2544: for tests of networks, so that no network of production has them.
        outer = "198.19.${toString number}";
        inner = "198.18.${toString number}";
      };
    in
    nameValuePair "nixspec-wireguard-${name}" {
      description = "A peer beside ${name}";
      wantedBy = [ "multi-user.target" ];
      after = [
        "network.target"
        "nixspec-wireguard-keys.service"
        "systemd-networkd.service"
        "wg-quick-${name}.service"
        "wireguard-${name}.service"
      ];
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
      restartIfChanged = false;
      path = [
        pkgs.iproute2
        pkgs.wireguard-tools
      ];
      script = ''
        tries=300
        until wg show ${name} listen-port >/dev/null 2>&1; do
          tries=$((tries - 1))
          [ $tries -gt 0 ] || { echo "there is no WireGuard interface ${name}" >&2; exit 1; }
          sleep 0.1
        done
        cd ${folder}
        ip netns add ${beside.netns}
        ip link add name ${beside.link} type veth peer name outside netns ${beside.netns}
        ip address add ${beside.outer}.1/30 dev ${beside.link}
        ip link set dev ${beside.link} up
        ip -n ${beside.netns} link set dev lo up
        ip -n ${beside.netns} address add ${beside.outer}.2/30 dev outside
        ip -n ${beside.netns} link set dev outside up

        ip -n ${beside.netns} link add name ${name} type wireguard
        ip netns exec ${beside.netns} wg set ${name} private-key beside.key listen-port 51820 \
          peer "$(wg show ${name} public-key)" allowed-ips 0.0.0.0/0 \
          endpoint "${beside.outer}.1:$(wg show ${name} listen-port)" persistent-keepalive 25
        ip -n ${beside.netns} address add ${beside.inner}.2/24 dev ${name}
        ip -n ${beside.netns} link set dev ${name} mtu 1420 up
        ip -n ${beside.netns} route add default dev ${name}

        wg set ${name} peer "$(wg pubkey <beside.key)" allowed-ips ${beside.inner}.2/32 \
          endpoint ${beside.outer}.2:51820 persistent-keepalive 25
        ip address add ${beside.inner}.1/32 dev ${name}
        ip route replace ${beside.inner}.2/32 dev ${name} src ${beside.inner}.1
      '';
    };
in
{
  options.nixspec.vm.wireguard = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether WireGuard interfaces have keys of the VM's own and peers without endpoints. Without it the VM speaks to
        production's peers with production's keys as far as it has both.
      '';
    };
    peer = mkOption {
      type = types.bool;
      default = true;
      description = "Whether each WireGuard interface has a peer beside the VM. The n-th interface reaches it at 198.18.‹n›.2: in alphabetical order, those of networkd last.";
    };
    peerKey = mkOption {
      type = types.str;
      # No secret: it opens nothing but the tunnel inside the VM, and a fixed one is one that a spec can name.
      default = "4JKQUJuILGQqQv3NHtVI1vbSTGLNOtuGadH/DRbc/nQ=";
      description = "Private key of the peer beside the VM. The public key of the default is `As45YcGze7Z3/rZ4Gb8unqNMPcDKpDYzZlQVfFVgRUA=`.";
    };
  };

  # The sets' names cannot come from the sets themselves; this adds to what each of their members is.
  options.networking.wireguard.interfaces = mkOption { type = types.attrsOf (types.submodule replaceKey); };
  options.networking.wg-quick.interfaces = mkOption {
    type = types.attrsOf (
      types.submodule [
        replaceKey
        (
          { config, options, ... }:
          {
            config = mkIf (isReplaced && isWhole config) (
              builtins.intersectAttrs options { autostart = mkVMOverride false; }
            );
          }
        )
      ]
    );
  };
  options.systemd.network.netdevs = mkOption {
    type = types.attrsOf (
      types.submodule (
        { config, options, ... }:
        {
          options.wireguardPeers = mkOption {
            apply = if isReplaced then map (peer: removeAttrs peer [ "Endpoint" "PresharedKey" "PresharedKeyFile" ]) else peers: peers;
          };
          # PrivateKey is ignored beside it (systemd.netdev(5)).
          config = mkIf (isReplaced && isNetdev config) (
            builtins.intersectAttrs options {
              wireguardConfig.PrivateKeyFile = mkVMOverride (keyOf config.netdevConfig.Name);
            }
          );
        }
      )
    );
  };

  config = mkIf (isReplaced && keyed != [ ]) {
    systemd.services = {
      # systemd-networkd does not start where a key's file is missing.
      nixspec-wireguard-keys = {
        description = "WireGuard keys of this VM";
        wantedBy = [ "sysinit.target" ];
        before = [
          "sysinit.target"
          "network-pre.target"
          "systemd-networkd.service"
        ];
        unitConfig.DefaultDependencies = false;
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        restartIfChanged = false;
        path = [ pkgs.wireguard-tools ];
        script = ''
          mkdir -p ${folder}
          umask 027
          for name in ${concatMapStringsSep " " escapeShellArg keyed}; do
            wg genkey >"${folder}/$name.key"
          done
          (umask 077; echo ${cfg.wireguard.peerKey} >${folder}/beside.key)
          # Where networkd makes the interface, it reads the key without being root.
          chgrp -f systemd-network ${folder}/*.key || true
        '';
      };
    }
    // optionalAttrs cfg.wireguard.peer (listToAttrs (imap1 besides interfaces));
  };
}
