# A small server as one has it in production: a fixed address, a certificate by ACME, a tunnel, and a nightly backup.
{ pkgs, ... }:
{
  system.stateVersion = "26.05";
  boot.loader.grub.enable = false;
  fileSystems."/" = {
    device = "/dev/disk/by-label/root";
    fsType = "ext4";
  };

  networking = {
    hostName = "demo";
    useDHCP = false;
    interfaces.enp1s0.ipv4.addresses = [
      {
        address = "203.0.113.7";
        prefixLength = 24;
      }
    ];
    defaultGateway = "203.0.113.1";
    nameservers = [ "203.0.113.53" ];
    firewall.allowedTCPPorts = [
      80
      443
    ];
    firewall.allowedUDPPorts = [ 51820 ];
    wireguard.interfaces.wg0 = {
      ips = [ "10.100.0.1/24" ];
      listenPort = 51820;
      privateKeyFile = "/etc/secrets/wg0.key";
      peers = [
        {
          name = "office";
          publicKey = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";
          allowedIPs = [ "10.100.0.3/32" ];
          endpoint = "office.example.org:51820";
        }
      ];
    };
  };

  services.openssh.enable = true;
  security.acme.acceptTerms = true;
  security.acme.defaults.email = "admin@example.org";
  services.nginx = {
    enable = true;
    virtualHosts."git.example.org" = {
      enableACME = true;
      forceSSL = true;
      root = pkgs.writeTextDir "index.html" "welcome to git.example.org";
    };
  };
  services.restic.backups.nightly = {
    repository = "sftp:backup@backup.example.org:/srv/demo";
    passwordFile = "/etc/secrets/restic";
    paths = [ "/var/lib" ];
  };
}
