# A production server with all that cannot be the same in a VM: certificates from a public CA, an address of its own, a
# tunnel to peers, secrets by agenix and sops-nix, directories that persist, a backup, and upgrades by itself.
{ config, ... }:
let
  secret = name: builtins.toFile name "of production: ${name}";
in
{
  imports = [ ../nixos/acme-order.nix ../nixos/agenix.nix ../nixos/sops.nix ../nixos/impermanence.nix ../nixos/outgoing.nix ];
  networking.hostName = "everything";
  systemd.network.networks."10-lan" = {
    matchConfig.Name = "enp1s0";
    networkConfig.DHCP = "no";
    address = [ "203.0.113.7/24" ];
    routes = [ { Gateway = "203.0.113.1"; } ];
  };
  networking.nameservers = [ "203.0.113.53" ];
  services.openssh.enable = true;

  security.acme.acceptTerms = true;
  security.acme.defaults.email = "admin@lab.test";
  # No virtual host: a mail server would use it.
  security.acme.certs."mail.lab.test" = { webroot = "/var/lib/acme/acme-challenge"; extraDomainNames = [ "imap.lab.test" ]; };
  security.acme.certs."inside.lab.test".dnsProvider = "cloudflare";
  services.nginx.enable = true;
  services.nginx.virtualHosts."git.lab.test" = {
    default = true;
    enableACME = true;
    forceSSL = true;
    serverAliases = [ "code.lab.test" ];
    locations."/".return = "200 'welcome to git.lab.test\\n'";
  };
  services.nginx.appendHttpConfig = "server { listen 203.0.113.7:8080; return 200 'at its own address\\n'; }";
  systemd.services.nginx = { after = [ "systemd-networkd-wait-online@enp1s0.service" ]; wants = [ "systemd-networkd-wait-online@enp1s0.service" ]; };

  networking.wireguard.interfaces.wg0 = {
    ips = [ "10.100.0.1/24" ];
    listenPort = 51820;
    privateKeyFile = config.age.secrets."wg0.key".path;
    peers = [
      { name = "office"; publicKey = "rGePKMwWq5CsJ7cF+ezrXQ0uDHtbVq6mcKYO67Yl2GY="; allowedIPs = [ "10.100.0.3/32" ]; endpoint = "203.0.113.9:51820"; persistentKeepalive = 1; }
    ];
  };

  users.groups.app = { };
  users.users.app = { isSystemUser = true; group = "app"; };
  users.users.admin = { isNormalUser = true; group = "app"; hashedPasswordFile = config.sops.secrets.admin-password.path; };
  age.secrets = {
    "wg0.key".file = secret "wg0.key";
    mail-password = { file = secret "mail-password"; owner = "app"; group = "app"; mode = "0440"; };
    "app.env" = { file = secret "app.env"; path = "/var/lib/app/env"; owner = "app"; };
  };
  sops.secrets = {
    "db/password" = { sopsFile = secret "db-password"; owner = "app"; };
    admin-password = { sopsFile = secret "admin-password"; neededForUsers = true; };
  };
  sops.templates."app.conf" = { content = "user=app\npassword=${config.sops.placeholder."db/password"}\n"; owner = "app"; mode = "0440"; };

  environment.persistence."/persist".directories = [ { directory = "/var/lib/forge"; user = "app"; group = "app"; mode = "0750"; } ];
  fileSystems."/persist" = { device = "/dev/disk/by-label/persist"; neededForBoot = true; };

  # Says at start what it has found: whether its state was there before it.
  systemd.services.forge = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = ''cat /var/lib/forge/repositories >/run/forge-found 2>/dev/null || echo nothing >/run/forge-found'';
  };

  # What would leave for production's peer, from the first packet on.
  systemd.services.count-packets = {
    wantedBy = [ "sysinit.target" ];
    before = [ "network-pre.target" ];
    after = [ "systemd-modules-load.service" ];
    unitConfig.DefaultDependencies = false;
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = ''
      nft add table ip lab
      nft add chain ip lab out '{ type filter hook output priority 0; }'
      nft add rule ip lab out ip daddr 203.0.113.9 counter comment to-office
      nft add rule ip lab out ip daddr 198.19.1.2 counter comment to-peer-beside
    '';
  };

  services.restic.backups.offsite = { repository = "sftp:backup.example.org:/everything"; passwordFile = config.age.secrets.mail-password.path; };
  system.autoUpgrade = { enable = true; flake = "github:example/everything"; };
  system.configurationRevision = "0000000000000000000000000000000000000003";
  virtualisation.vmVariant.virtualisation = { cores = 2; graphics = false; };
}
