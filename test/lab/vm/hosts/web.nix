# Two machines that need each other: `web` passes on what `db` answers.
{
  imports = [ ./private-network.nix ];
  networking.hostName = "web";
  lab.network = { lan = "10.20.0.2/24"; wan = "198.51.100.7/24"; router = "198.51.100.1"; };
  services.openssh.enable = true;
  services.nginx.enable = true;
  services.nginx.virtualHosts."www.lab.test" = {
    default = true;
    locations."/".return = "200 'welcome to www.lab.test\\n'";
    locations."/db".proxyPass = "http://10.20.0.1:8080/";
    locations."/public".proxyPass = "http://203.0.113.20:8081/";
  };
}
