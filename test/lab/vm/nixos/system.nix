# What NixOS makes of a configuration, in small: /etc with the units, a script that activates it, and a toplevel in the
# same layout. Programs come from the Debian that the machine boots (see ../image.sh); the names of options are NixOS's.
{ config, extendModules, lib, ... }:
let
  pkgs = import ./packages.nix { inherit (config.nixpkgs.hostPlatform) system; inherit lib; };
  inherit (lib) concatMapStringsSep concatStringsSep escapeShellArg mapAttrsToList mkOption optionalString types;
  inherit (import ./build.nix { inherit (config.nixpkgs.hostPlatform) system; inherit lib; }) build write writeScript;
  text = mkOption { type = types.lines; default = ""; };
  strings = mkOption { type = types.listOf types.str; default = [ ]; };
  section = mkOption { type = types.attrsOf types.anything; default = { }; };

  unitOptions = {
    enable = mkOption { type = types.bool; default = true; };
    description = mkOption { type = types.str; default = ""; };
    unitConfig = section;
    wantedBy = strings;
    requiredBy = strings;
    after = strings;
    before = strings;
    wants = strings;
    requires = strings;
    bindsTo = strings;
    partOf = strings;
    conflicts = strings;
    restartTriggers = mkOption { type = types.listOf types.anything; default = [ ]; };
  };
  serviceOptions = unitOptions // {
    serviceConfig = section;
    environment = section;
    path = mkOption { type = types.listOf types.anything; default = [ ]; };
    script = text;
    preStart = text;
    postStart = text;
    restartIfChanged = mkOption { type = types.bool; default = true; };
  };
  units = options: mkOption { type = types.attrsOf (types.submodule { inherit options; }); default = { }; };

  value = setting: if setting == true then "true" else if setting == false then "false" else toString setting;
  lines = name: setting: concatMapStringsSep "" (one: "${name}=${value one}\n") (lib.toList setting);
  writeSection = name: settings: optionalString (settings != { }) "[${name}]\n${concatStringsSep "" (mapAttrsToList lines settings)}\n";
  words = name: list: lib.optionalAttrs (list != [ ]) { ${name} = concatStringsSep " " list; };
  unitSection =
    unit:
    lib.optionalAttrs (unit.description != "") { Description = unit.description; }
    // words "After" unit.after
    // words "Before" unit.before
    // words "Wants" unit.wants
    // words "Requires" unit.requires
    // words "BindsTo" unit.bindsTo
    // words "PartOf" unit.partOf
    // words "Conflicts" unit.conflicts
    // words "X-Restart-Triggers" (map toString unit.restartTriggers)
    // unit.unitConfig;

  # A service that names its packages finds those and what NixOS gives each; the others find all that Debian has.
  environment = unit: lib.optionalAttrs (unit.path != [ ]) { PATH = lib.makeBinPath (unit.path ++ map (name: pkgs.${name}) [ "coreutils" "findutils" "gnugrep" "gnused" "systemd" ]); } // unit.environment;
  serviceText =
    name: unit:
    writeSection "Unit" (unitSection unit)
    + writeSection "Service" (
      lib.optionalAttrs (environment unit != { }) { Environment = mapAttrsToList (variable: setting: "\"${variable}=${value setting}\"") (environment unit); }
      // lib.optionalAttrs (unit.preStart != "") { ExecStartPre = toString (writeScript "unit-script-${name}-pre-start" unit.preStart); }
      // lib.optionalAttrs (unit.postStart != "") { ExecStartPost = toString (writeScript "unit-script-${name}-post-start" unit.postStart); }
      // lib.optionalAttrs (unit.script != "") { ExecStart = toString (writeScript "unit-script-${name}-start" unit.script); }
      // unit.serviceConfig
    );
  kind = suffix: sectionName: key: lib.mapAttrs' (name: unit: lib.nameValuePair "${name}.${suffix}" (unit // { text = writeSection "Unit" (unitSection unit) + optionalString (key != "") (writeSection sectionName unit.${key}); }));
  allUnits =
    lib.mapAttrs' (name: unit: lib.nameValuePair "${name}.service" (unit // { text = serviceText name unit; })) config.systemd.services
    // kind "socket" "Socket" "socketConfig" config.systemd.sockets
    // kind "timer" "Timer" "timerConfig" config.systemd.timers
    // kind "target" "" "" config.systemd.targets
    // config.system.build.mountUnits;
  network = suffix: sections: lib.mapAttrs' (name: unit: lib.nameValuePair "systemd/network/${name}.${suffix}" { text = concatStringsSep "" (map ({ key, title }: if lib.isList unit.${key} then concatMapStringsSep "" (one: writeSection title one) unit.${key} else writeSection title unit.${key}) sections) + unit.extraConfig; });

  # What says nothing of its own to start adds to a unit of Debian's, as NixOS adds to those of its packages.
  isAddition = unit: !(unit.serviceConfig or { } ? ExecStart || unit.script or "" != "" || unit.socketConfig or { } != { } || unit.timerConfig or { } != { });
  installUnit =
    name:
    unit:
    let
      file = escapeShellArg name;
      want = kind: target: "mkdir -p ${target}.${kind}\nln -sfn ../${file} ${target}.${kind}/${file}\n";
    in
    if !unit.enable then
      "ln -s /dev/null ${file}\n"
    else
      ''
        if ${lib.boolToString (isAddition unit)} && grep -qxF -e ${file} ${config.system.build.debian}/units; then
          ln -s /usr/lib/systemd/system/${file} ${file}
          mkdir ${file}.d
          ${write "${file}.d/overrides.conf" unit.text}
        else
          ${write file unit.text}
        fi
      ''
      + concatMapStringsSep "" (want "wants") unit.wantedBy
      + concatMapStringsSep "" (want "requires") unit.requiredBy;

  etc = build "etc" (
    ''
      mkdir -p $out/systemd/system
      cd $out/systemd/system
    ''
    + concatStringsSep "" (mapAttrsToList installUnit allUnits)
    + concatStringsSep "" (
      mapAttrsToList (name: file: optionalString file.enable ''
        mkdir -p "$(dirname $out/${escapeShellArg name})"
        ${if file.source != null then "cp -r ${file.source} $out/${escapeShellArg name}" else write "$out/${escapeShellArg name}" file.text}
      '') config.environment.etc
    )
  );

  nixosVersion = writeScript "nixos-version" ''
    case "''${1-}" in
    --json) echo '${builtins.toJSON { inherit (config.system) configurationRevision; nixosVersion = config.system.nixos.version; nixpkgsRevision = null; }}' ;;
    --configuration-revision) echo ${escapeShellArg (toString config.system.configurationRevision)} ;;
    *) echo "${config.system.nixos.version} (Lab)" ;;
    esac
  '';
  sw = build "system-path" ''
    mkdir -p $out/bin
    ln -s ${nixosVersion} $out/bin/nixos-version
  '';

  failed = lib.filter ({ assertion, ... }: !assertion) config.assertions;
  toplevel = build "nixos-system-${config.system.name}-${config.system.nixos.version}" ''
    mkdir -p $out/bin $out/specialisation
    ln -s ${etc} $out/etc
    ln -s ${sw} $out/sw
    (cd ${etc} && find . -path ./systemd/system -prune -o ! -type d -print) | while read -r file; do
      mkdir -p "$out/etc-links/''${file%/*}"
      ln -s "/etc/static/$file" "$out/etc-links/$file"
    done
    mkdir -p $out/etc-links/systemd
    ln -s /etc/static/systemd/system $out/etc-links/systemd/system
    ${write "$out/activation-scripts" config.system.build.activationScript}chmod +x $out/activation-scripts
    ${write "$out/early-mounts" config.system.build.earlyMounts}
    for script in activate init bin/switch-to-configuration; do
      sed "s|@out@|$out|g" ${./scripts}/''${script#bin/} >$out/$script
      chmod +x $out/$script
    done
    ln -s ${config.system.build.debian}/kernel $out/kernel
    ln -s ${config.system.build.debian}/initrd $out/initrd
    printf %s ${escapeShellArg (concatStringsSep " " config.boot.kernelParams)} >$out/kernel-params
    printf %s ${config.system.nixos.version} >$out/nixos-version
    printf %s ${config.nixpkgs.hostPlatform.system} >$out/system
    ${concatStringsSep "" (mapAttrsToList (name: special: "ln -s ${special.configuration.config.system.build.toplevel} $out/specialisation/${escapeShellArg name}\n") config.specialisation)}
  '';
in
{
  imports = [ ./activation.nix ./file-systems.nix ];
  options = {
    assertions = mkOption { type = types.listOf types.anything; default = [ ]; };
    warnings = strings;
    nixpkgs.hostPlatform = mkOption { type = types.coercedTo types.str (system: { inherit system; }) types.attrs; default = "x86_64-linux"; apply = platform: if lib.isString platform then { system = platform; } else platform; };
    networking.hostName = mkOption { type = types.str; default = "nixos"; };
    networking.hosts = mkOption { type = types.attrsOf (types.listOf types.str); default = { }; };
    networking.nameservers = strings;
    environment.etc = mkOption {
      default = { };
      type = types.attrsOf (types.submodule {
        options.enable = mkOption { type = types.bool; default = true; };
        options.text = mkOption { type = types.nullOr types.lines; default = null; };
        options.source = mkOption { type = types.nullOr types.path; default = null; };
        options.mode = mkOption { type = types.str; default = "symlink"; };
      });
    };
    systemd.services = units serviceOptions;
    systemd.sockets = units (unitOptions // { socketConfig = section; });
    systemd.timers = units (unitOptions // { timerConfig = section; });
    systemd.targets = units unitOptions;
    systemd.tmpfiles.rules = strings;
    systemd.network.enable = mkOption { type = types.bool; default = true; };
    systemd.network.networks = units { matchConfig = section; linkConfig = section; networkConfig = section; dhcpV4Config = section; routes = mkOption { type = types.listOf (types.attrsOf types.anything); default = [ ]; }; address = strings; extraConfig = text; };
    systemd.network.netdevs = units { netdevConfig = section; extraConfig = text; };
    boot.kernelParams = strings;
    boot.kernelModules = strings;
    boot.kernel.sysctl = section;
    specialisation = mkOption {
      default = { };
      type = types.attrsOf (types.submodule { options.configuration = mkOption { type = types.deferredModule; apply = module: extendModules { modules = [ module { specialisation = lib.mkOverride 0 { }; } ]; }; }; });
    };
    system.name = mkOption { type = types.str; default = config.networking.hostName; };
    system.nixos.version = mkOption { type = types.str; default = "26.05.lab"; };
    system.nixos.release = mkOption { type = types.str; default = "26.05"; };
    system.stateVersion = mkOption { type = types.str; default = "26.05"; };
    system.configurationRevision = mkOption { type = types.nullOr types.str; default = null; };
    system.build = mkOption { type = types.lazyAttrsOf types.raw; default = { }; };
  };

  config = {
    _module.args.pkgs = pkgs;
    # Made by vm-lab.sh; a name, not a path that Nix would copy.
    system.build.debian = "@image@";
    system.build.toplevel = if failed == [ ] then toplevel else throw "Failed assertions:\n${concatMapStringsSep "\n" ({ message, ... }: "- ${message}") failed}";
    boot.kernelParams = [ "loglevel=4" "net.ifnames=0" ];
    environment.etc =
      {
        "NIXOS".text = "";
        "hostname".text = "${config.networking.hostName}\n";
        "hosts".text = "127.0.0.1 localhost\n::1 localhost\n127.0.0.2 ${config.networking.hostName}\n" + concatStringsSep "" (mapAttrsToList (address: names: "${address} ${concatStringsSep " " names}\n") config.networking.hosts);
        "os-release".text = "NAME=NixOS\nID=nixos\nVERSION_ID=\"${config.system.nixos.release}\"\nPRETTY_NAME=\"NixOS ${config.system.nixos.version}, in small, for tests\"\n";
        "tmpfiles.d/00-nixos.conf".text = concatMapStringsSep "" (rule: rule + "\n") config.systemd.tmpfiles.rules;
        "modules-load.d/nixos.conf".text = concatMapStringsSep "" (name: name + "\n") config.boot.kernelModules;
        "sysctl.d/60-nixos.conf".text = concatStringsSep "" (mapAttrsToList (name: setting: "${name} = ${value setting}\n") config.boot.kernel.sysctl);
      }
      // lib.optionalAttrs (config.networking.nameservers != [ ]) { "resolv.conf".text = concatMapStringsSep "" (address: "nameserver ${address}\n") config.networking.nameservers; }
      // network "netdev" [ { key = "netdevConfig"; title = "NetDev"; } ] config.systemd.network.netdevs
      // network "network" [
        { key = "matchConfig"; title = "Match"; }
        { key = "linkConfig"; title = "Link"; }
        { key = "networkConfig"; title = "Network"; }
        { key = "dhcpV4Config"; title = "DHCPv4"; }
        { key = "routes"; title = "Route"; }
      ] (lib.mapAttrs (_: unit: unit // { networkConfig = unit.networkConfig // lib.optionalAttrs (unit.address != [ ]) { Address = unit.address; }; }) config.systemd.network.networks);
    systemd.services.systemd-networkd.wantedBy = lib.optionals config.systemd.network.enable [ "multi-user.target" ];
    systemd.sockets.systemd-networkd.wantedBy = lib.optionals config.systemd.network.enable [ "sockets.target" ];
  };
}
