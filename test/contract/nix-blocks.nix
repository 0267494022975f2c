# Whether a Nix block of the documentation is right: what it sets below `nixspec.vm` is an option, of that option's type.
# The blocks are modules; of everything else in them only the syntax is looked at.
{ block }:
let
  inherit (import ../nix/minimal-modules.nix) lib evalModules;
  loaded = import block;
  module = if builtins.isFunction loaded then loaded { inherit lib; pkgs = { }; config = { }; } else loaded;
  parts = builtins.filter (part: part != { }) [
    (module.nixspec.vm or { })
    (module.virtualisation.vmVariant.nixspec.vm or { })
  ];
  option = lib.mkOption { type = lib.types.raw; default = { }; };
  # What nixspec's modules look into without asking first whether it is there.
  nixos = { virtualisation.fileSystems = option; services.openssh = { settings = option; enable = option; }; };
  check =
    part:
    let
      evaluated = evalModules {
        modules = [
          ../../nix/vm.nix
          # Definitions of NixOS's options, which are not here, are not to be looked at.
          { config = { _module.check = false; _module.args.pkgs = { }; nixspec.vm = part; }; options = nixos; }
        ];
      };
      leaves = path: value: options: if options._type or null == "option" || !builtins.isAttrs value then [ path ] else builtins.concatMap (name: leaves (path ++ [ name ]) value.${name} (options.${name} or (throw "there is no option nixspec.vm.${lib.concatStringsSep "." (path ++ [ name ])}"))) (builtins.attrNames value);
      read = path: builtins.deepSeq (lib.attrByPath path null evaluated.config.nixspec.vm) (lib.concatStringsSep "." path);
    in
    map read (leaves [ ] part evaluated.options.nixspec.vm);
in
builtins.concatLists (map check parts)
