# nixspec beside the configuration that it verifies: where the host's spec is, and how its staging VM differs.
#
#   imports = [ nixspec.nixosModules.default ];
#   nixspec.spec = ./specs/web.yaml;
#   nixspec.staging = { memory = 4096; names = [ "chat.example.org" ]; };
#
# Nothing of this is needed for `nixspec verify`, which takes a spec from anywhere.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib)
    mkIf
    mkMerge
    mkOption
    optionalAttrs
    types
    ;
  cfg = config.nixspec;
  # Inside the VM variant this module is there once more, as part of the host; it is not to ask for a VM of the VM.
  isHost = !(options.nixspec ? vm);
in
{
  key = "nixspec/module.nix";

  options.nixspec = {
    spec = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "./specs/web.yaml";
      description = "Spec of this host, a file or a folder. It is installed as `/etc/nixspec/spec`, so that each generation has the one that it was made for, and is `config.system.build.nixspecSpec` for scripts.";
    };
    staging = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      example = { memory = 4096; };
      description = "Options of {option}`nixspec.vm` for this host's staging VM, which `nixspec verify vm` and `nixos-rebuild build-vm` build.";
    };
  };

  config = mkMerge [
    (mkIf (cfg.spec != null) {
      environment.etc."nixspec/spec".source = cfg.spec;
      system.build.nixspecSpec = cfg.spec;
    })
    (optionalAttrs (isHost && options ? virtualisation && options.virtualisation ? vmVariant) {
      virtualisation.vmVariant = {
        imports = [ ./vm.nix ];
        # What `nixspec verify vm` is told by the spec goes before these.
        nixspec.vm = {
          enable = true;
        }
        // lib.mapAttrs (_: lib.mkDefault) cfg.staging;
      };
    })
  ];
}
