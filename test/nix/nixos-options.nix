# The options of NixOS that nix/vm.nix and the hosts of these tests speak of, by name and type as the release declares
# them, and without what NixOS makes of them. A module that sets an option that the release does not have fails here as it
# would there.
release:
{
  config,
  lib,
  options,
  extendModules,
  ...
}:
let
  inherit (lib) mkOption types;
  isAtLeast = lib.versionAtLeast release;
  bool = default: mkOption { type = types.bool; inherit default; };
  string = mkOption { type = types.nullOr types.str; default = null; };
  number = mkOption { type = types.nullOr types.int; default = null; };
  strings = mkOption { type = types.listOf types.str; default = [ ]; };
  text = mkOption { type = types.lines; default = ""; };
  section = mkOption { type = types.attrsOf types.anything; default = { }; };
  setOf = options: mkOption { type = types.attrsOf (types.submodule options); default = { }; };
  listOf = options: mkOption { type = types.listOf (types.submodule options); default = [ ]; };
  unit = {
    enable = bool true;
    description = mkOption { type = types.str; default = ""; };
    unitConfig = section;
  }
  // lib.genAttrs [ "wantedBy" "requiredBy" "after" "before" "wants" "requires" "conflicts" ] (_: strings);
  addresses = listOf { options = { address = mkOption { type = types.str; }; prefixLength = mkOption { type = types.int; }; }; };
  peer.options = {
    name = string;
    publicKey = mkOption { type = types.str; };
    allowedIPs = strings;
    endpoint = string;
    persistentKeepalive = number;
    presharedKey = string;
    presharedKeyFile = string;
  };
  tunnel = {
    listenPort = number;
    privateKey = string;
    privateKeyFile = string;
    generatePrivateKeyFile = bool false;
    peers = listOf peer;
  };
  sshList = mkOption { type = types.nullOr (types.listOf types.str); default = null; };
  fileSystems = setOf { options = { device = string; fsType = string; options = strings; neededForBoot = bool false; }; };
  hostNames = name: { ${name} = string; serverAliases = strings; };
  variant = extendModules { modules = [ (import ./qemu-vm-options.nix release) ]; };
in
{
  options = {
    virtualisation.vmVariant = mkOption { inherit (variant) type; default = { }; };
    assertions = mkOption { type = types.listOf types.raw; default = [ ]; };
    boot.loader.grub.enable = bool true;
    boot.kernelModules = strings;
    boot.kernelPackages = mkOption { type = types.raw; default = "the host's own"; };
    boot.extraModprobeConfig = text;
    boot.zfs.extraPools = strings;
    boot.initrd.availableKernelModules = strings;
    boot.initrd.network.enable = bool false;
    boot.initrd.network.ssh.enable = bool false;
    boot.initrd.secrets = section;
    environment.etc = setOf { options.text = mkOption { type = types.nullOr types.lines; default = null; }; };
    inherit fileSystems;
    hardware.fancontrol.enable = bool false;
    networking = {
      firewall = lib.genAttrs [ "allowedTCPPorts" "allowedUDPPorts" ] (_: mkOption { type = types.listOf types.port; default = [ ]; }) // {
        interfaces = setOf { options.allowedTCPPorts = mkOption { type = types.listOf types.port; default = [ ]; }; };
      };
      bonds = setOf { options.interfaces = strings; };
      bridges = setOf { options.interfaces = strings; };
      vlans = setOf { options.interface = mkOption { type = types.str; }; };
      macvlans = setOf { options.interface = mkOption { type = types.str; }; };
      defaultGateway = mkOption { type = types.nullOr types.anything; default = null; };
      defaultGateway6 = mkOption { type = types.nullOr types.anything; default = null; };
      dhcpcd.enable = bool true;
      dhcpcd.extraConfig = text;
      hostName = mkOption { type = types.str; default = "nixos"; };
      hosts = mkOption { type = types.attrsOf (types.listOf types.str); default = { }; };
      interfaces = setOf (
        { name, ... }:
        {
          options = {
            name = mkOption { type = types.str; default = name; };
            useDHCP = mkOption { type = types.nullOr types.bool; default = null; };
            virtual = bool false;
            ipv4.addresses = addresses;
            ipv6.addresses = addresses;
          };
        }
      );
      nameservers = strings;
      networkmanager.unmanaged = strings;
      resolvconf.useLocalResolver = bool false;
      useDHCP = bool true;
      usePredictableInterfaceNames = bool true;
      wireguard.enable = bool (config.networking.wireguard.interfaces != { });
      wireguard.interfaces = setOf { options = tunnel // { ips = strings; interfaceNamespace = string; socketNamespace = string; }; };
      wg-quick.interfaces = setOf { options = tunnel // { address = strings; configFile = string; autostart = bool true; }; };
    };
    security.acme = {
      acceptTerms = bool false;
      defaults.server = mkOption { type = types.nullOr types.str; default = "https://acme-v02.api.letsencrypt.org/directory"; };
      defaults.email = string;
      certs = setOf (
        { name, ... }:
        {
          options = {
            domain = mkOption { type = types.str; default = name; };
            extraDomainNames = strings;
            server = mkOption { type = types.nullOr types.str; default = config.security.acme.defaults.server; };
            dnsProvider = string;
            s3Bucket = string;
            webroot = string;
          };
        }
      );
    };
    services = {
      borgbackup.jobs = setOf { options.repo = string; };
      caddy = { enable = bool false; acmeCA = string; globalConfig = text; virtualHosts = setOf { options = hostNames "hostName"; }; };
      httpd = { enable = bool false; virtualHosts = setOf { options = hostNames "hostName"; }; };
      nginx = { enable = bool false; virtualHosts = setOf { options = hostNames "serverName" // { enableACME = bool false; forceSSL = bool false; root = string; locations = section; }; }; };
      openssh = {
        enable = bool false;
        startWhenNeeded = bool false;
        ports = mkOption { type = types.listOf types.port; default = [ 22 ]; };
        listenAddresses = mkOption { type = types.listOf types.anything; default = [ ]; };
        hostKeys = mkOption { type = types.listOf types.attrs; default = [ { type = "rsa"; path = "/etc/ssh/ssh_host_rsa_key"; } { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; } ]; };
        authorizedKeysFiles = strings;
        extraConfig = text;
        settings = mkOption {
          default = { };
          type = types.submodule {
            freeformType = types.attrsOf types.anything;
            options = {
              AllowUsers = sshList;
              AllowGroups = sshList;
              DenyUsers = sshList;
              DenyGroups = sshList;
              PermitRootLogin = mkOption { type = types.nullOr types.str; default = "prohibit-password"; };
            };
          };
        };
      };
      postfix.enable = bool false;
      postfix.settings.main = section;
      restic.backups = setOf { options = { repository = string; passwordFile = string; paths = strings; }; };
      smartd.enable = bool false;
      syncoid.service = mkOption { type = types.attrs; default = { }; };
      tailscale.enable = bool false;
      tailscale.authKeyFile = string;
      thermald.enable = bool false;
      cloudflared.enable = bool false;
      cloudflared.tunnels = setOf { options.credentialsFile = string; };
      userborn.enable = bool false;
    };
    system.activationScripts = setOf { options = { text = text; deps = strings; }; };
    nixpkgs.hostPlatform = mkOption { type = types.raw; default = { }; };
    system.stateVersion = string;
    system.autoUpgrade.enable = bool false;
    systemd = {
      network.enable = bool false;
      network.netdevs = setOf {
        options.netdevConfig = section;
        options.wireguardConfig = section;
        options.wireguardPeers = mkOption { type = types.listOf (types.attrsOf types.anything); default = [ ]; };
      };
      network.networks = setOf { options = { matchConfig = section; networkConfig = section; dhcpV4Config = section; linkConfig = section; address = strings; }; };
      network.wait-online.anyInterface = bool false;
      services = setOf {
        options = unit // {
          environment = section;
          path = mkOption { type = types.listOf types.anything; default = [ ]; };
          preStart = text;
          postStart = text;
          restartIfChanged = bool true;
          script = text;
          serviceConfig = section;
        };
      };
      sockets = setOf { options = unit // { socketConfig = section; }; };
      sysusers.enable = bool false;
    };
    users.users = setOf { options.hashedPasswordFile = string; options.group = mkOption { type = types.str; default = "users"; }; };
  };

  config.systemd.services = lib.mapAttrs' (name: _: lib.nameValuePair "restic-backups-${name}" { script = "restic backup"; }) config.services.restic.backups;
}
