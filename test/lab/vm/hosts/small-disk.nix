# Its disk is full before anything that writes has started.
{
  imports = [ ./demo.nix ];
  systemd.services.fill-disk = {
    description = "What fills the disk";
    requiredBy = [ "sysinit.target" ];
    before = [ "sysinit.target" "systemd-tmpfiles-setup.service" ];
    unitConfig.DefaultDependencies = false;
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    script = ''
      fallocate -l "$(df --output=avail -B1 / | tail -n 1 | tr -d ' ')" /var/filled || true
      cat /dev/zero >>/var/filled 2>/dev/null || true
    '';
  };
}
