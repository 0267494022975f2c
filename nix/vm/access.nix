# Who may log in, and who the machine is. Both are told to the VM when it starts, by systemd credentials
# (systemd.system-credentials(7): QEMU's `-fw_cfg name=opt/io.systemd.credentials/…`), so that no key is in the Nix store and
# none lives longer than the run:
#
#   ssh.authorized_keys.root   lines of public keys that may log in as root
#   nixspec.host-key           the machine's host key, an OpenSSH private key (ed25519)
#
# Without them the VM starts as well; it then makes a host key of its own, and only production's keys may log in.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib)
    elem
    hasAttrByPath
    mkBefore
    mkIf
    mkMerge
    mkOption
    mkVMOverride
    optionalAttrs
    types
    ;
  cfg = config.nixspec.vm;
  ssh = config.services.openssh;
  hostKey = "/run/nixspec/ssh_host_ed25519_key";
  sshSettings = (options.services.openssh.settings.type.getSubOptions or (_: { })) [ ];
in
{
  options.nixspec.vm.access = mkOption {
    type = types.bool;
    default = true;
    description = ''
      Whether root may log in by SSH on port 22 with the key that is handed in at start, whatever production's
      configuration says: sshd is on, listens on all addresses, has the one host key that is handed in, and root's key is
      accepted. What else production says about sshd stays.
    '';
  };

  config = mkIf (cfg.enable && cfg.access) (mkMerge [
    {
      systemd.services.nixspec-access = {
        description = "Keys of this VM";
        wantedBy = [ "sysinit.target" ];
        # Also before a socket that would start sshd; that is why it cannot have the usual dependencies.
        before = [
          "sysinit.target"
          "sshd.service"
          "sshd.socket"
          "sshd-keygen.service"
        ];
        unitConfig.DefaultDependencies = false;
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        restartIfChanged = false;
        script = ''
          credentials=/run/credentials/@system
          mkdir -p /run/nixspec/authorized_keys.d
          umask 077
          if [ -s $credentials/ssh.authorized_keys.root ]; then
            cat $credentials/ssh.authorized_keys.root >/run/nixspec/authorized_keys.d/root
          fi
          if [ -s $credentials/nixspec.host-key ]; then
            cat $credentials/nixspec.host-key >${hostKey}
          fi
        '';
      };

      services.openssh = builtins.intersectAttrs options.services.openssh {
        enable = mkVMOverride true;
        listenAddresses = mkVMOverride [ ];
        # A list of one, in place of production's: a key that nobody knows beforehand cannot be checked.
        hostKeys = mkVMOverride [
          {
            type = "ed25519";
            path = hostKey;
          }
        ];
        # In place of the list, since a list that production forces would hide an added one.
        authorizedKeysFiles = mkVMOverride [
          "/run/nixspec/authorized_keys.d/%u"
          "%h/.ssh/authorized_keys"
          "/etc/ssh/authorized_keys.d/%u"
        ];
        settings = {
          PermitRootLogin = mkVMOverride "prohibit-password";
          PubkeyAuthentication = mkVMOverride true;
          PubkeyAcceptedAlgorithms = mkVMOverride "+ssh-ed25519";
          HostKeyAlgorithms = mkVMOverride "ssh-ed25519";
          # A second factor is nothing that a program has.
          AuthenticationMethods = mkVMOverride "any";
        }
        // optionalAttrs (sshSettings ? AllowUsers) {
          AllowUsers = mkVMOverride null;
          AllowGroups = mkVMOverride null;
          DenyUsers = mkVMOverride null;
          DenyGroups = mkVMOverride null;
        };
        # Not by `ports`: lists are joined, and a port that is named twice cannot be listened on twice. Before what the
        # configuration adds, which may end in a Match block.
        extraConfig = mkIf (!elem 22 ssh.ports) (mkBefore "Port 22");
      };
    }
    # The first systemd reads the credentials, and the next one asks no more where it has found any: a first stage that is
    # run by systemd needs the driver.
    (optionalAttrs (hasAttrByPath [ "boot" "initrd" "availableKernelModules" ] options) {
      boot.initrd.availableKernelModules = [ "qemu_fw_cfg" ];
    })
    (optionalAttrs (options.systemd ? sockets && options.services.openssh ? startWhenNeeded) (
      mkIf (ssh.startWhenNeeded && !elem 22 ssh.ports) { systemd.sockets.sshd.socketConfig.ListenStream = [ 22 ]; }
    ))
    (optionalAttrs (options.networking ? firewall) {
      networking.firewall.interfaces.${cfg.card}.allowedTCPPorts = [ 22 ];
    })
  ]);
}
