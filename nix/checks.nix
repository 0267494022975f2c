# `nix flake check`: boots a real NixOS and runs `nixspec verify` against it.
{ pkgs, nixspec, nixosSystem }:
let
  spec = pkgs.writeText "spec.yaml" ''
    version: 1
    targets:
      here: { local: true }
      server: { ssh: root@server }
    defaults: { within: 30s }
    system: { failed-units: [] }
    unit:
      nginx: { active: true, restarts: 0 }
    port:
      tcp:443: { listening: true, processes: [nginx] }
    http:
      https://git.example.org/: { from: target, insecure: true, status: 200, body: [welcome] }
    certificate:
      git.example.org: { from: target, issuer: "/^minica root ca [0-9a-f]{6}$/", covers: [git.example.org] }
  '';
in
{
  # The production way: one machine verifies another by SSH, and a service that has stopped is found.
  over-ssh = pkgs.testers.runNixOSTest {
    name = "nixspec-over-ssh";
    nodes.runner.environment.systemPackages = [ nixspec ];
    nodes.server = {
      imports = [ ./vm.nix ];
      nixspec.vm.enable = true;
      nixspec.vm.access = false;
      services.openssh.enable = true;
      # A key is made when the test runs: one in the store would be everybody's.
      services.openssh.authorizedKeysFiles = [ "/run/nixspec-test.pub" ];
      security.acme.acceptTerms = true;
      security.acme.defaults.email = "admin@example.org";
      services.nginx = {
        enable = true;
        virtualHosts."git.example.org" = {
          enableACME = true;
          forceSSL = true;
          root = pkgs.writeTextDir "index.html" "welcome to git.example.org";
        };
      };
    };
    testScript = ''
      start_all()
      server.wait_for_unit("nginx.service")
      server.wait_for_unit("sshd.service")
      runner.wait_for_unit("multi-user.target")
      runner.succeed('ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519')
      key = runner.succeed("cat /root/.ssh/id_ed25519.pub").strip()
      server.succeed(f"echo '{key}' >/run/nixspec-test.pub")
      runner.succeed("ssh-keyscan server >/root/.ssh/known_hosts")
      runner.succeed("cd /tmp && nixspec verify server --spec ${spec}")
      server.succeed("systemctl stop nginx.service")
      status, output = runner.execute("cd /tmp && nixspec verify server --spec ${spec}")
      assert status == 1, output
      assert "nginx" in output, output
    '';
  };

  # The staging VM's own parts, in a real NixOS: nix/vm.nix in a machine of the test driver.
  staging = pkgs.testers.runNixOSTest {
    name = "nixspec-staging";
    # The driver goes by the host's name.
    nodes.demo =
      { ... }:
      {
        imports = [
          ./demo/host.nix
          ./vm.nix
        ];
        nixspec.vm.enable = true;
        environment.systemPackages = [
          nixspec
          pkgs.wireguard-tools
        ];
      };
    testScript = ''
      demo.wait_for_unit("multi-user.target")
      demo.wait_for_unit("nginx.service")
      # DHCP takes its time.
      demo.wait_until_succeeds("ip -4 address show dev nixspec0 | grep 10.0.2.15")
      demo.succeed("ip -4 address show dev enp1s0 | grep 203.0.113.7/24")
      demo.succeed("getent ahostsv4 git.example.org | grep 203.0.113.7")
      demo.succeed("curl -skf https://git.example.org/ | grep welcome")
      demo.wait_until_succeeds("wg show wg0 latest-handshakes | grep -v '\t0$'")
      demo.succeed("systemctl show -p ConditionResult acme-order-renew-git.example.org.service | grep =no")
      demo.succeed("cd /tmp && nixspec verify here --spec ${spec}")
    '';
  };
}
# Each answer that is not the default evaluates and builds.
// builtins.mapAttrs (_: (import ./lib.nix).vm (nixosSystem { modules = [ ./demo/host.nix { nixpkgs.hostPlatform = pkgs.stdenv.hostPlatform.system; } ]; })) {
  vm = { };
  vm-pebble = { acme.orders = "pebble"; };
  vm-open = { restrictNetwork = false; };
}
