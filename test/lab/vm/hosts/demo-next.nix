# The upgrade of `demo`: fine on a fresh disk; on demo's disk its application cannot migrate.
{
  imports = [ ./demo.nix ];
  lab.app.version = "2";
  services.nginx.virtualHosts."git.lab.test" = {
    locations."/api/v1/version".return = "200 '{\"version\":\"9.0.3\"}'";
    locations."/new".return = "200 'new in 9.0.3\\n'";
  };
  system.configurationRevision = "0000000000000000000000000000000000000002";
}
