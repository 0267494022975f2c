# The other of the two machines of web.nix.
{
  imports = [ ./private-network.nix ];
  networking.hostName = "db";
  lab.privateAddress = "192.168.1.1";
  services.openssh.enable = true;
  services.nginx.enable = true;
  services.nginx.appendHttpConfig = "server { listen 192.168.1.1:8080; return 200 'rows: 42\\n'; }";
  # It listens at an address that comes with the second card.
  systemd.services.nginx.after = [ "systemd-networkd-wait-online@eth1.service" ];
  systemd.services.nginx.wants = [ "systemd-networkd-wait-online@eth1.service" ];
}
