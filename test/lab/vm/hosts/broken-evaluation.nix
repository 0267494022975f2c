# An assertion of the configuration does not hold, so that there is nothing to build.
{
  imports = [ ./demo.nix ];
  assertions = [ { assertion = false; message = "services.forgejo needs a database"; } ];
}
