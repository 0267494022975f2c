# The next generation, in which somebody made a mistake.
{ lib, ... }:
{
  services.nginx.virtualHosts."git.example.org".locations."/".return = lib.mkForce "503";
}
