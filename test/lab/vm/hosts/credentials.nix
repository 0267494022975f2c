# What of nixspec's VM module the lab's own test needs: the machine is given its host key when it starts. The key of root
# is systemd's own business (ssh.authorized_keys.root in systemd.system-credentials(7)).
{
  systemd.services.lab-host-key = {
    description = "The host key that was given to the machine";
    wantedBy = [ "multi-user.target" ];
    before = [ "sshd-keygen.service" "sshd.service" ];
    unitConfig.ConditionCredential = "nixspec.host-key";
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; ImportCredential = "nixspec.host-key"; };
    script = ''
      umask 022
      install -m 0600 "$CREDENTIALS_DIRECTORY/nixspec.host-key" /etc/ssh/ssh_host_ed25519_key
      ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key >/etc/ssh/ssh_host_ed25519_key.pub
    '';
  };
}
