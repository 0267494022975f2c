# The staging VM: what nixspec puts into a host's VM variant, so that the host as it is configured runs where production's
# hardware, network, secrets and peers are not.
#
#   virtualisation.vmVariant = { imports = [ /path/to/nix/vm.nix ]; nixspec.vm.enable = true; };
#
# `nixspec verify vm` does this by itself, without a change to the host's configuration. Each part below answers one thing
# that cannot be the same in a VM; docs/vm.md tells what and how.
#
# It is written for NixOS 25.11 to 26.11. Where a release, or a configuration without agenix and the like, has no such
# option, nothing is set: `options ? …` asks first.
{ lib, ... }:
{
  # By its name and not its path: a flake may have brought in a copy of this that is not nixspec's own.
  key = "nixspec/vm.nix";

  imports = [
    ./vm/machine.nix
    ./vm/access.nix
    ./vm/network.nix
    ./vm/private.nix
    ./vm/names.nix
    ./vm/certificates.nix
    ./vm/wireguard.nix
    ./vm/secrets.nix
    ./vm/state.nix
    ./vm/outgoing.nix
  ];

  options.nixspec.vm.enable = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = "Whether this configuration is run as a staging VM of nixspec.";
  };
}
