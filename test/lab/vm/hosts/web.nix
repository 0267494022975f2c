# Two machines of one network: `web` passes on what `db` answers.
{
  imports = [ ./private-network.nix ];
  networking.hostName = "web";
  lab.privateAddress = "192.168.1.2";
  services.openssh.enable = true;
  services.nginx.enable = true;
  services.nginx.virtualHosts."www.lab.test" = {
    default = true;
    locations."/".return = "200 'welcome to www.lab.test\\n'";
    locations."/db".proxyPass = "http://192.168.1.1:8080/";
  };
}
