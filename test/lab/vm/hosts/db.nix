# The other of the two machines of web.nix: what it keeps is for the machines on `lan0` alone, by a firewall that goes by
# the card.
{
  imports = [ ./private-network.nix ];
  networking.hostName = "db";
  lab.network = { lan = "10.20.0.1/24"; wan = "203.0.113.20/24"; router = "203.0.113.1"; };
  services.openssh.enable = true;
  services.nginx.enable = true;
  services.nginx.appendHttpConfig = ''
    server { listen 8080; return 200 'rows: 42, for $remote_addr\n'; }
    server { listen 8081; return 200 'for everybody, also $remote_addr\n'; }
  '';
  systemd.services.firewall = {
    description = "Who may ask";
    wantedBy = [ "multi-user.target" ];
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = ''
      nft add table inet lab
      nft add chain inet lab input '{ type filter hook input priority 0; }'
      nft add rule inet lab input tcp dport 8080 iifname != '{ "lo", "lan0" }' drop
    '';
  };
}
