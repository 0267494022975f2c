# The good host: a web server with its certificate, a tunnel, and an application that keeps state.
{ lib, ... }:
{
  imports = [ ./app.nix ];
  networking.hostName = "demo";
  systemd.network.networks."10-lan" = { matchConfig.Name = "en* eth*"; networkConfig.DHCP = "yes"; };

  services.openssh.enable = true;

  security.acme.acceptTerms = true;
  security.acme.defaults.email = "admin@lab.test";
  services.nginx.enable = true;
  services.nginx.virtualHosts."git.lab.test" = {
    default = true;
    enableACME = true;
    forceSSL = true;
    locations."/".return = "200 'welcome to git.lab.test\\n'";
    locations."/api/v1/version".return = lib.mkDefault "200 '{\"version\":\"9.0.2\"}'";
  };

  networking.wireguard.interfaces.wg0 = {
    ips = [ "10.100.0.1/24" ];
    listenPort = 51820;
    privateKeyFile = "/var/lib/wireguard/wg0.key";
    generatePrivateKeyFile = true;
    # Production's peer: no machine of a test is ever to speak to it.
    peers = [ { name = "office"; publicKey = "rGePKMwWq5CsJ7cF+ezrXQ0uDHtbVq6mcKYO67Yl2GY="; allowedIPs = [ "10.100.0.3/32" ]; endpoint = "203.0.113.9:51820"; } ];
  };
  system.configurationRevision = lib.mkDefault "0000000000000000000000000000000000000001";
  specialisation.maintenance.configuration = {
    services.nginx.virtualHosts."git.lab.test".locations."/".return = lib.mkForce "503";
    environment.etc."motd".text = "under maintenance\n";
  };

  virtualisation.vmVariant = {
    virtualisation.cores = lib.mkDefault 2;
    virtualisation.graphics = lib.mkDefault false;
  };
}
